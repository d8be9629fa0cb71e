using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaOptimizeTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task RunAsync_SmallFiles_BecomeOnePerPartitionWithTheSameRows()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        for (var number = 0; number < 4; number++)
        {
            await table.CommitAsync(CommitMode.Append, $"SELECT range + {number * 10} AS id, CASE range % 3 WHEN 0 THEN 'a b/%' WHEN 1 THEN 'c' END AS p FROM range(10)", "p");
        }

        var before = await ReadAsync(table);
        var rows = await table.RowsAsync(before);
        var after = (await OptimizeAsync(table, "o1"))?.Snapshot ?? throw new InvalidOperationException("Nothing was packed.");

        Assert.Equal((12, 3), (before.Files.Count, after.Files.Count));
        Assert.All(after.Files, file => Assert.False(file.DataChange));
        Assert.Equal(rows, await table.RowsAsync(after));
        Assert.Equal(before.Rows, after.Rows);
        Assert.Equal(rows, await table.RowsAsync(await table.Table.ReadAsync(before.Version, CancellationToken.None) ?? throw new InvalidOperationException()));
        Assert.Equal("OPTIMIZE", (await table.Table.HistoryAsync(1, CancellationToken.None))[0].Operation);
    }

    [Fact]
    public async Task RunAsync_NothingToGain_MakesNoCommit()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id, 'a' AS p UNION ALL SELECT 2, 'b'", "p");
        Assert.Null(await OptimizeAsync(table, "o1"));
        await table.CommitAsync(CommitMode.Append, "SELECT 3 AS id, 'b' AS p", "p");
        Assert.NotNull(await OptimizeAsync(table, "o2"));
        Assert.Null(await OptimizeAsync(table, "o3"));
        Assert.Equal(2, (await ReadAsync(table)).Version);
    }

    [Fact]
    public async Task RunAsync_FilesNearTheTarget_StayAndOthersFillUpToIt()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        for (var number = 0; number < 6; number++)
        {
            await table.CommitAsync(CommitMode.Append, $"SELECT {number} AS id");
        }

        await table.CommitAsync(CommitMode.Append, "SELECT (hash(range) % 100000)::INTEGER AS id FROM range(2000)");
        var small = (await table.Table.ReadAsync(5, CancellationToken.None))?.Files.Max(file => file.SizeBytes) ?? 0;
        var large = (await ReadAsync(table)).Files.MaxBy(file => file.SizeBytes);
        var after = (await OptimizeAsync(table, "o1", (3 * small) + 1))?.Snapshot;

        Assert.True(large?.SizeBytes > 3 * small);
        Assert.Equal(3, after?.Files.Count);
        Assert.Contains(large.Path, after?.Files.Select(file => file.Path) ?? []);
    }

    [Fact]
    public async Task RunAsync_FilesOfDifferentSchemas_KeepOrderAndNulls()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT range AS id FROM range(5000) ORDER BY id DESC");
        await table.CommitAsync(CommitMode.Append, "SELECT range AS id, 'x' AS extra FROM range(5000)");
        const string order = "SELECT id, extra FROM silver.orders";
        var before = await table.RowsAsync(await ReadAsync(table), order);
        var after = (await OptimizeAsync(table, "o1"))?.Snapshot ?? throw new InvalidOperationException("Nothing was packed.");

        Assert.Single(after.Files);

        // Which file comes first is open where both were written within the second that storage tells.
        Assert.Contains(before[0], new[] { "4999|NULL", "0|x" });
        Assert.Equal(before, await table.RowsAsync(after, order));
    }

    [Fact]
    public async Task CommitAsync_RearrangeBesideAppendAndRemoval_HoldsUnlessItsFilesWent()
    {
        var table = new TestTable();
        await table.CommitAsync(TestTable.Append("a", "b", "c"));
        await table.CommitAsync(TestTable.Append("later"));
        var rearrange = TestTable.Commit(CommitMode.Replace, "ab") with { Remove = ["a", "b"], ReadVersion = 0, DataChange = false };
        await Assert.ThrowsAsync<TransientException>(() => table.CommitAsync(rearrange with { DataChange = true }));
        Assert.Equal(["ab", "c", "later"], TestTable.Files((await table.CommitAsync(rearrange)).Snapshot));

        // Version 3 removes c: a pack of version 2 that took c is void, one of the others is not.
        await table.CommitAsync(TestTable.Commit(CommitMode.Replace) with { Remove = ["c"] });
        await Assert.ThrowsAsync<TransientException>(() => table.CommitAsync(TestTable.Commit(CommitMode.Replace, "x") with { Remove = ["ab", "c"], ReadVersion = 2, DataChange = false }));
        Assert.Equal(4, (await table.CommitAsync(TestTable.Commit(CommitMode.Replace, "y") with { Remove = ["ab", "later"], ReadVersion = 2, DataChange = false })).Version);
    }

    private static async Task<DeltaSnapshot> ReadAsync(LakeTable table) =>
        await table.Table.ReadAsync(null, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");

    private static Task<CommitResult?> OptimizeAsync(LakeTable table, string invocation, long targetSizeBytes = 1 << 20) =>
        new DeltaOptimize(table.Lake, table.Cache, TimeProvider.System, targetSizeBytes).RunAsync(table.Session, table.Root, invocation, CancellationToken.None);
}
