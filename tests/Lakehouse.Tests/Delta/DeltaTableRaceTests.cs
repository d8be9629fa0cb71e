using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaTableRaceTests(AzuriteFixture azurite)
{
    private const int Writers = 8;

    [Theory]
    [InlineData(20, false)]
    [InlineData(4, true)]
    public async Task CommitAsync_EightWriters_EachCommitIsThereOnce(int commitsEach, bool oneProcess)
    {
        using var lake = await LakeTable.CreateAsync(azurite);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            var table = new DeltaTable(oneProcess ? lake.Lake : new OtherProcess(lake.Lake), lake.Root, TimeProvider.System);
            for (var number = 0; number < commitsEach; number++)
            {
                var file = File(Name(writer, number)) with { ModifiedUnixMilliseconds = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() };
                var result = await table.CommitAsync(
                    Append() with { Add = [file], Transaction = new TransactionId($"writer/{writer}", number), Domains = [new DomainState($"writer.{writer}", Text(number))] },
                    CancellationToken.None);
                Assert.False(result.Repeated);
                Assert.Null(result.CheckpointFailure);
            }
        })));

        var snapshot = await lake.Table.ReadAsync(null, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");
        var expected = Enumerable.Range(0, Writers).SelectMany(writer => Enumerable.Range(0, commitsEach).Select(number => Name(writer, number)));
        Assert.Equal((Writers * commitsEach) - 1, snapshot.Version);
        Assert.Equal(expected.Order(StringComparer.Ordinal), Files(snapshot).Order(StringComparer.Ordinal));
        Assert.All(Enumerable.Range(0, Writers), writer => Assert.Equal(Text(commitsEach - 1), snapshot.Domains[$"writer.{writer}"]));

        var history = await lake.Table.HistoryAsync(1000, CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, Writers * commitsEach).Select(version => (long)version).Reverse(), history.Select(entry => entry.Version));
    }

    private static string Name(int writer, int number) => $"part-{Text(writer)}-{Text(number)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
