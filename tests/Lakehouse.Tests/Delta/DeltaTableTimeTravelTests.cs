using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaTableTimeTravelTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private readonly TestTable table = new();

    [Fact]
    public async Task ReadAsync_ByTime_GivesTheVersionThatWasTheNewest()
    {
        await CommitAtAsync(0, 10, 20);

        Assert.Equal(0, await VersionAsync(0));
        Assert.Equal(0, await VersionAsync(9.999));
        Assert.Equal(1, await VersionAsync(10));
        Assert.Equal(2, await VersionAsync(20));
        Assert.Equal(2, await VersionAsync(100000));
        Assert.Equal(["f0", "f1"], Files(await table.Table.ReadAsync(Start.AddSeconds(15), CancellationToken.None) ?? throw new InvalidOperationException()));
    }

    [Fact]
    public async Task ReadAsync_ClockThatWentBack_KeepsTheOrderOfVersions()
    {
        await CommitAtAsync(0, 10, 5, 5, 10.001, 30);

        // Versions 2, 3 and 4 follow version 1 by a millisecond each.
        Assert.Equal(0, await VersionAsync(7));
        Assert.Equal(1, await VersionAsync(10));
        Assert.Equal(2, await VersionAsync(10.001));
        Assert.Equal(3, await VersionAsync(10.002));
        Assert.Equal(4, await VersionAsync(10.003));
        Assert.Equal(5, await VersionAsync(30));
    }

    [Fact]
    public async Task ReadAsync_BeforeTheFirstVersion_NamesTheRange()
    {
        await CommitAtAsync(0, 10);
        var refused = await Assert.ThrowsAsync<UnknownVersionException>(() => VersionAsync(-1));
        Assert.Contains("versions 0 (2026-01-02T12:00:00.0000000Z) to 1 (2026-01-02T12:00:10.0000000Z)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_TimeOfAVersionCleanedUp_NamesWhatIsLeft()
    {
        await CommitAtAsync([.. Enumerable.Range(0, 12).Select(second => (double)second)]);
        for (var version = 0; version < 5; version++)
        {
            await table.Lake.DeleteAsync(LogFile(version), CancellationToken.None);
        }

        // Versions 5 to 9 have their entries still, but nothing they could be built on.
        var refused = await Assert.ThrowsAsync<UnknownVersionException>(() => VersionAsync(7));
        Assert.Contains("versions 10 (", refused.Message, StringComparison.Ordinal);
        Assert.Equal(10, await VersionAsync(10));
    }

    [Fact]
    public async Task ReadAsync_ByTimeWithoutATable_IsNull() => Assert.Null(await table.Table.ReadAsync(Start, CancellationToken.None));

    [Fact]
    public async Task ReadAsync_ByTimeOnARealLake_ReadsTheRowsOfThen()
    {
        using var real = await LakeTable.CreateAsync(azurite);
        await real.CommitAsync(CommitMode.Append, "SELECT 1 AS id");
        await real.CommitAsync(CommitMode.Overwrite, "SELECT 2 AS id");
        var entry = await real.Lake.FindAsync(real.Root.Append($"_delta_log/{0:D20}.json"), CancellationToken.None);
        var then = await real.Table.ReadAsync(entry?.ModifiedUtc ?? default, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");

        Assert.Equal(["1"], await real.RowsAsync(then));
        await Assert.ThrowsAsync<UnknownVersionException>(() => real.Table.ReadAsync(DateTimeOffset.UnixEpoch, CancellationToken.None));
    }

    private async Task CommitAtAsync(params double[] seconds)
    {
        for (var number = 0; number < seconds.Length; number++)
        {
            table.Lake.NowUtc = At(seconds[number]);
            await table.CommitAsync(Append($"f{number}"));
        }
    }

    private async Task<long?> VersionAsync(double seconds) => (await table.Table.ReadAsync(At(seconds), CancellationToken.None))?.Version;

    // To the millisecond: AddSeconds truncates.
    private static DateTimeOffset At(double seconds) => Start.AddMilliseconds(Math.Round(seconds * 1000));
}
