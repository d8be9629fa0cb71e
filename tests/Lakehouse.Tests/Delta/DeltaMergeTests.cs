using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaMergeTests(AzuriteFixture azurite)
{
    private const string Unordered = "SELECT * FROM silver.orders";
    private int merges;

    [Fact]
    public async Task RunAsync_NewEqualAndChangedRows_TouchesOnlyTheFilesOfThoseThatChange()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        for (var file = 0; file < 4; file++)
        {
            await table.CommitAsync(CommitMode.Append, $"SELECT range + {file * 10} AS id, 'v' || range AS v FROM range(10)");
        }

        var before = await ReadAsync(table);
        var (counts, commit) = await MergeAsync(table, "SELECT * FROM (VALUES (12::BIGINT, 'new'), (15, 'v5'), (25, 'v5'), (99, 'added'), (98, 'too')) AS t(id, v)");
        var after = commit?.Snapshot ?? throw new InvalidOperationException();

        Assert.Equal(new MergeCounts(2, 1, 0, 2, 1), counts);
        Assert.Equal(3, after.Files.Count(file => before.Files.Any(old => old.Path == file.Path)));
        Assert.Equal(42, after.Rows);
        var touched = (await table.RowsAsync(after, Unordered)).Skip(30);
        Assert.Equal(["10|v0", "11|v1", "12|new", "13|v3", "14|v4", "15|v5", "16|v6", "17|v7", "18|v8", "19|v9", "99|added", "98|too"], touched);
        var entry = (await table.Table.HistoryAsync(1, CancellationToken.None))[0];
        Assert.Equal(("MERGE", "2", "1"), (entry.Operation, entry.Metrics["numTargetRowsInserted"], entry.Metrics["numTargetRowsUpdated"]));
    }

    [Fact]
    public async Task RunAsync_SecondTime_ChangesNothing()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        const string rows = "SELECT range AS id, NULL::VARCHAR AS n, 'nan'::DOUBLE AS d, [range, NULL] AS l, {'a': range} AS s, MAP {'k': range} AS m, TIMESTAMP '2024-01-01 00:00:00.000001' AS t FROM range(5)";
        Assert.Equal(new MergeCounts(5, 0, 0, 0, 0), (await MergeAsync(table, rows)).Counts);
        var (counts, commit) = await MergeAsync(table, rows);
        Assert.Equal(new MergeCounts(0, 0, 0, 5, 0), counts);
        Assert.Null(commit);
        Assert.Equal(0, (await ReadAsync(table)).Version);

        var state = new MergeRequest { Select = rows, Key = ["id"], CommitUnchanged = true, Domain = count => new DomainState("d", $"{{\"unchanged\":{count.Unchanged}}}") };
        var kept = (await MergeAsync(table, state)).Commit?.Snapshot;
        Assert.Equal(("{\"unchanged\":5}", 1L, 1), (kept?.Domains["d"], kept?.Version, kept?.Files.Count));
    }

    [Fact]
    public async Task RunAsync_DeleteColumn_DeletesByKeyAndIsNoColumn()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT range AS id, 'v' AS v FROM range(3)");
        await table.CommitAsync(CommitMode.Append, "SELECT range + 10 AS id, 'v' AS v FROM range(2)");
        var request = new MergeRequest { Key = ["id"], DeleteColumn = "gone", Select = "SELECT * FROM (VALUES (10::BIGINT, NULL, true), (11, 'x', true), (0, 'y', NULL), (77, 'z', true), (78, 'z', false), (NULL, 'z', true)) AS t(id, v, gone)" };
        var (counts, commit) = await MergeAsync(table, request);
        Assert.Equal(new MergeCounts(1, 1, 2, 0, 2), counts);
        Assert.Equal(["0|y", "1|v", "2|v", "78|z"], await table.RowsAsync(commit?.Snapshot ?? throw new InvalidOperationException()));
        Assert.Equal(new MergeCounts(0, 0, 0, 2, 0), (await MergeAsync(table, request)).Counts);
    }

    [Fact]
    public async Task RunAsync_DeleteMissing_LeavesExactlyTheRowsThatCome()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT range AS id, range % 2 AS p, 'v' AS v FROM range(8)", "p");
        await table.CommitAsync(CommitMode.Append, "SELECT NULL::BIGINT AS id, 1::BIGINT AS p, 'v' AS v", "p");
        const string rows = "SELECT range AS id, range % 2 AS p, 'v' AS v FROM range(0, 8, 2)";
        var (counts, commit) = await MergeAsync(table, new MergeRequest { Select = rows, Key = ["id"], DeleteMissing = true });
        Assert.Equal(new MergeCounts(0, 0, 5, 4, 2), counts);
        Assert.Equal(["0|0|v", "2|0|v", "4|0|v", "6|0|v"], await table.RowsAsync(commit?.Snapshot ?? throw new InvalidOperationException()));
    }

    [Fact]
    public async Task RunAsync_RowsThatMovePartition_AreInTheNewOneOnly()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT range AS id, 'p' || range % 3 AS p FROM range(9)", "p");
        var (counts, commit) = await MergeAsync(table, "SELECT 0::BIGINT AS id, 'p1' AS p UNION ALL SELECT 100, NULL");
        Assert.Equal(new MergeCounts(1, 1, 0, 0, 1), counts);
        var after = commit?.Snapshot ?? throw new InvalidOperationException();
        Assert.Equal(["1", "4", "7", "0"], (await table.RowsAsync(after, "SELECT id FROM silver.orders WHERE p = 'p1'")));
        Assert.Equal(["100"], await table.RowsAsync(after, "SELECT id FROM silver.orders WHERE p IS NULL"));
        Assert.Equal(10, after.Rows);
    }

    [Fact]
    public async Task RunAsync_TwoRowsOfOneKey_IsRefusedNamingIt()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id, 'a' AS k");
        var refused = await Assert.ThrowsAsync<TerminalException>(() => MergeAsync(table, new MergeRequest { Select = "SELECT 5 AS id, unnest(['x', 'y', 'y', NULL, NULL]) AS k", Key = ["id", "k"] }));
        Assert.Contains("2 rows that come into the table", refused.Message, StringComparison.Ordinal);
        Assert.Contains("id = 5 and k = y", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_NullKeys_NeverMatch()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT NULL::INTEGER AS id, 'a' AS v");
        var (counts, commit) = await MergeAsync(table, "SELECT NULL::INTEGER AS id, 'b' AS v");
        Assert.Equal(new MergeCounts(1, 0, 0, 0, 0), counts);
        Assert.Equal(["NULL|a", "NULL|b"], await table.RowsAsync(commit?.Snapshot ?? throw new InvalidOperationException()));
    }

    [Fact]
    public async Task RunAsync_OtherColumns_AreAddedOrKept()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT range AS id, 'kept' AS old FROM range(2)");
        var (counts, commit) = await MergeAsync(table, "SELECT 1::BIGINT AS id, 'x' AS extra UNION ALL SELECT 2, 'y'");
        Assert.Equal(new MergeCounts(1, 1, 0, 0, 1), counts);
        Assert.Equal(["0|kept|NULL", "1|kept|x", "2|NULL|y"], await table.RowsAsync(commit?.Snapshot ?? throw new InvalidOperationException()));
    }

    [Fact]
    public async Task RunAsync_ManyKeysAndFiles_ReadsTheFilesInTheirRangeOnly()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        for (var file = 0; file < 3; file++)
        {
            await table.CommitAsync(CommitMode.Append, $"SELECT range + {file * 1000} AS id, range AS v FROM range(1000)");
        }

        var counts = (await MergeAsync(table, "SELECT range + 1400 AS id, -1::BIGINT AS v FROM range(500)")).Counts;
        Assert.Equal(new MergeCounts(0, 500, 0, 0, 1), counts);
        using var sum = table.Session.Query("SELECT count(*) FROM information_schema.schemata WHERE schema_name = '__change'");
        Assert.Equal(0L, sum.Rows().Single()[0]);
    }

    [Fact]
    public async Task RunAsync_Transaction_IsMergedOnceAndStragglersAreRefused()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var request = new MergeRequest { Select = "SELECT NULL::INTEGER AS id", Key = ["id"], Transaction = new TransactionId("app", 7) };
        Assert.False((await MergeAsync(table, request)).Commit?.Repeated);
        var again = await MergeAsync(table, request);
        Assert.Equal((true, 0L, null), (again.Commit?.Repeated, again.Commit?.Version, again.Counts));
        Assert.Equal(1, (await ReadAsync(table)).Rows);
        await Assert.ThrowsAsync<StaleRunException>(() => MergeAsync(table, request with { Transaction = new TransactionId("app", 6) }));
    }

    [Theory]
    [InlineData("SELECT 1::BIGINT AS other", "The key column 'id' is not among")]
    [InlineData("SELECT 'x' AS id", "is long in the table and string in the rows to come, which is no widening")]
    [InlineData("SELECT 1::BIGINT AS \"ID\"", "The column 'id' of the table")]
    [InlineData("SELECT 1::BIGINT AS id, 1 AS file_row_number", "a name that changing single rows needs")]
    public async Task RunAsync_RowsThatDoNotFit_AreRefused(string select, string message)
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT range AS id FROM range(2)");
        var refused = await Assert.ThrowsAsync<TerminalException>(() => MergeAsync(table, select));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_AnyRowsAgainstAnyTable_EqualsTheSameInMemory()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var random = new Random(11);
        await table.CommitAsync(CommitMode.Append, "SELECT range AS id, range % 4 AS p, 'v0' AS v FROM range(30)", "p");
        table.Session.Execute("CREATE TABLE model AS SELECT range AS id, range % 4 AS p, 'v0' AS v FROM range(30)");
        for (var round = 1; round <= 8; round++)
        {
            var rows = string.Join(", ", Enumerable.Range(0, 60).Where(_ => random.Next(4) == 0).Select(id => $"({id}, {random.Next(4)}, 'v{random.Next(2)}', {(random.Next(3) == 0 ? "true" : "false")})"));
            table.Session.Execute($"CREATE OR REPLACE TABLE come AS SELECT * FROM (VALUES {rows}) AS t(id, p, v, gone)");
            var missing = random.Next(4) == 0;
            await MergeAsync(table, new MergeRequest { Select = "SELECT id::BIGINT AS id, p::BIGINT AS p, v, gone FROM come", Key = ["id"], DeleteColumn = "gone", DeleteMissing = missing });
            table.Session.Execute($"DELETE FROM model WHERE {(missing ? "true" : "id IN (SELECT id FROM come)")}; INSERT INTO model SELECT id, p, v FROM come WHERE NOT gone");
            using var expected = table.Session.Query("SELECT id || '|' || p || '|' || v FROM model ORDER BY id");
            var wanted = expected.Rows().Select(row => row[0]).ToList();
            Assert.Equal(wanted, await table.RowsAsync(await ReadAsync(table), "SELECT * FROM silver.orders ORDER BY id"));
        }
    }

    private static async Task<DeltaSnapshot> ReadAsync(LakeTable table) =>
        await table.Table.ReadAsync(null, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");

    private Task<MergeResult> MergeAsync(LakeTable table, string select) => MergeAsync(table, new MergeRequest { Select = select, Key = ["id"] });

    private Task<MergeResult> MergeAsync(LakeTable table, MergeRequest request) =>
        new DeltaMerge(table.Lake, table.Cache, TimeProvider.System).RunAsync(table.Session, table.Root, request, $"m{++merges}", CancellationToken.None);
}
