using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

/// <summary>What other writers do between a merge's reading and its commit.</summary>
public sealed class DeltaMergeRaceTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task RunAsync_AppendOfItsKeyInBetween_IsVoidAndRightWhenRepeated()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id, 'a' AS v");
        var append = await OtherAsync(table, "SELECT 2 AS id, 'appended' AS v", "other1");
        var request = new MergeRequest { Select = "SELECT 2 AS id, 'merged' AS v", Key = ["id"], CommitUnchanged = true };

        var lost = await Assert.ThrowsAsync<TransientException>(() => MergeAsync(table, request, "m1", () => table.Table.CommitAsync(append, CancellationToken.None)));
        Assert.Contains("added or removed rows after this commit (MERGE, Replace) had read it", lost.Message, StringComparison.Ordinal);
        Assert.Equal(["1|a", "2|appended"], await table.RowsAsync(await ReadAsync(table)));

        Assert.Equal(new MergeCounts(0, 1, 0, 0, 1), (await MergeAsync(table, request, "m2", () => Task.CompletedTask)).Counts);
        Assert.Equal(["1|a", "2|merged"], await table.RowsAsync(await ReadAsync(table)));
    }

    [Fact]
    public async Task RunAsync_TableMadeInBetween_IsVoid()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var append = await OtherAsync(table, "SELECT 2 AS id, 'appended' AS v", "other1");
        var request = new MergeRequest { Select = "SELECT 2 AS id, 'merged' AS v", Key = ["id"] };
        await Assert.ThrowsAsync<TransientException>(() => MergeAsync(table, request, "m1", () => table.Table.CommitAsync(append, CancellationToken.None)));
        Assert.Equal(["2|appended"], await table.RowsAsync(await ReadAsync(table)));
    }

    [Fact]
    public async Task RunAsync_OptimizeInBetween_HoldsUnlessItTookAFileOfTheMerge()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id, 'p' AS p UNION ALL SELECT 9, 'q'", "p");
        await table.CommitAsync(CommitMode.Append, "SELECT 2 AS id, 'p' AS p", "p");
        using var other = table.OpenSession();
        var optimize = new DeltaOptimize(table.Lake, table.Cache, TimeProvider.System);
        var request = new MergeRequest { Select = "SELECT 9 AS id, 'moved' AS p", Key = ["id"] };
        Assert.Equal(1, (await MergeAsync(table, request, "m1", () => optimize.RunAsync(other, table.Root, "o1", CancellationToken.None))).Counts?.Updated);
        Assert.Equal(["1|p", "2|p", "9|moved"], await table.RowsAsync(await ReadAsync(table)));

        await table.CommitAsync(CommitMode.Append, "SELECT 3 AS id, 'p' AS p", "p");
        var taken = request with { Select = "SELECT 3 AS id, 'moved' AS p" };
        await Assert.ThrowsAsync<TransientException>(() => MergeAsync(table, taken, "m2", () => optimize.RunAsync(other, table.Root, "o2", CancellationToken.None)));
        Assert.Equal(["1|p", "2|p", "3|p", "9|moved"], await table.RowsAsync(await ReadAsync(table)));
    }

    private static async Task<DeltaCommit> OtherAsync(LakeTable table, string select, string invocation) => new()
    {
        Operation = "WRITE",
        Mode = CommitMode.Append,
        Schema = DeltaSchema.FromDuckDb(table.Session.Describe(select)),
        Add = await new DataFileWriter(table.Lake).WriteAsync(table.Session, select, table.Root, [], invocation, CancellationToken.None),
    };

    private static async Task<DeltaSnapshot> ReadAsync(LakeTable table) =>
        await table.Table.ReadAsync(null, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");

    // The state is made when the files are written and the commit is about to begin.
    private static Task<MergeResult> MergeAsync(LakeTable table, MergeRequest request, string invocation, Func<Task> between)
    {
        DomainState Interrupted(MergeCounts counts)
        {
            Task.Run(between).Wait();
            return new DomainState("merge", $"{{\"inserted\":{counts.Inserted}}}");
        }

        return new DeltaMerge(table.Lake, table.Cache, TimeProvider.System).RunAsync(table.Session, table.Root, request with { Domain = Interrupted }, invocation, CancellationToken.None);
    }
}
