using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class TableReaderTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task CreateViewAsync_EveryType_GivesBackWhatWasWritten()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        const string select =
            """
            SELECT * FROM (VALUES
                (1::TINYINT, 2::SMALLINT, 3, 4::BIGINT, 5::UINTEGER, 6::HUGEINT, 1.5::FLOAT, 2.5, 12345678901234567890123456.12::DECIMAL(38,2), 'ä|''"', '\xAB'::BLOB, DATE '2024-02-29', TIMESTAMP '2024-01-02 03:04:05.123456', true,
                 [1, NULL], MAP {'k': [1.5::DECIMAL(4,1)]}, {'a': 1, 'b c': {'d': DATE '2024-01-01'}}, '{"x": 1}'::JSON, 'on'::ENUM('on', 'off')),
                (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
            ) AS t(ti, si, i, bi, ui, hi, f, d, de, s, bl, dt, ts, b, l, m, st, j, e)
            """;
        var snapshot = await table.CommitAsync(CommitMode.Append, select);

        Assert.Equal(
            [
                """1|2|3|4|5|6|1.5|2.5|12345678901234567890123456.12|ä|'"|\xAB|2024-02-29|2024-01-02 03:04:05.123456+00|true|[1, NULL]|{k=[1.5]}|{'a': 1, 'b c': {'d': 2024-01-01}}|{"x": 1}|on""",
                string.Join('|', Enumerable.Repeat("NULL", 19)),
            ],
            await table.RowsAsync(snapshot));
        using var lease = await table.ViewAsync(snapshot);
        Assert.Equal(snapshot.Schema, DeltaSchema.FromDuckDb(table.Session.Describe("SELECT * FROM silver.orders")));
        Assert.Equal(2, snapshot.Rows);
    }

    [Fact]
    public async Task CreateViewAsync_EmptyTable_HasTheColumnsAndNoRows()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var snapshot = await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id, {'a': [1.5::DECIMAL(4,1)]} AS st, 'x' AS p WHERE false", "p");

        Assert.Empty(await table.RowsAsync(snapshot));
        using var lease = await table.ViewAsync(snapshot);
        Assert.Equal(snapshot.Schema, DeltaSchema.FromDuckDb(table.Session.Describe("SELECT * FROM silver.orders")));
    }

    [Fact]
    public async Task CreateViewAsync_PartitionValues_ComeBackAsTheyWere()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        string[] values = ["c d/ü%", "a=b&c", "NULL", "null", "..", "__HIVE_DEFAULT_PARTITION__x", "😀", "it''s", "a\\b", "2024"];
        var rows = string.Join(", ", values.Select((value, index) => $"({index}, '{value}', DATE '2024-01-02', TIMESTAMP '2024-01-02 03:04:05.25')"));
        var snapshot = await table.CommitAsync(CommitMode.Append, $"SELECT * FROM (VALUES {rows}, (99, NULL, NULL, NULL)) AS t(id, \"P q\", d, t)", "P q", "d", "t");

        Assert.Equal(
            [.. values.Select((value, index) => $"{index}|{value.Replace("''", "'", StringComparison.Ordinal)}|2024-01-02|2024-01-02 03:04:05.25+00"), "99|NULL|NULL|NULL"],
            await table.RowsAsync(snapshot));
        Assert.Equal(["0"], await table.RowsAsync(snapshot, """SELECT id FROM silver.orders WHERE "P q" = 'c d/ü%' AND d = DATE '2024-01-02'"""));
    }

    [Fact]
    public async Task CreateViewAsync_FilterOnAPartition_LeavesOtherFilesUnread()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var snapshot = await table.CommitAsync(CommitMode.Append, "SELECT range AS id, range % 4 AS quarter FROM range(100)", "quarter");
        using var lease = await table.ViewAsync(snapshot);
        using var plan = table.Session.Query("EXPLAIN SELECT id FROM silver.orders WHERE quarter = 3");
        Assert.Contains("Scanning Files: 1/4", string.Concat(plan.Rows().Select(row => row[1])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateViewAsync_ColumnAddedLater_IsNullInOlderFiles()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id");
        await table.CommitAsync(CommitMode.Append, "SELECT 2 AS id, 'x' AS extra, [1] AS l");
        var newest = await table.CommitAsync(CommitMode.Append, "SELECT 'y' AS extra, 3 AS id");

        Assert.Equal(["1|NULL|NULL", "2|x|[1]", "3|y|NULL"], await table.RowsAsync(newest));
        var first = await table.Table.ReadAsync(0, CancellationToken.None) ?? throw new InvalidOperationException("There is no version 0.");
        Assert.Equal(["1"], await table.RowsAsync(first));
    }

    [Fact]
    public async Task CreateViewAsync_SessionLockedDownToTheLease_StillReads()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var snapshot = await table.CommitAsync(CommitMode.Append, "SELECT range AS id, range % 3 AS p FROM range(9)", "p");
        using var lease = await table.ViewAsync(snapshot);
        table.Session.LockDown(lease.LocalFiles);
        Assert.Equal(9, table.Session.Scalar<long>("SELECT count(*) FROM silver.orders"));
        Assert.Equal(12, table.Session.Scalar<long>("SELECT sum(id)::BIGINT FROM silver.orders WHERE p = 1"));
    }

    [Fact]
    public async Task CreateViewAsync_Overwritten_ReadsTheVersionAsked()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var first = await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id");
        var second = await table.CommitAsync(CommitMode.Overwrite, "SELECT 'two' AS id");
        Assert.Equal(["two"], await table.RowsAsync(second));
        Assert.Equal(["1"], await table.RowsAsync(first));
    }

    [Fact]
    public async Task CreateViewAsync_SparkStyleFile_IsReadByItsLogEntry()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var file = Assert.Single(await table.WriteAsync("SELECT 7 AS id")) with { PartitionValues = new Dictionary<string, string?> { ["t"] = "2024-01-02 03:04:05", ["p"] = "" } };
        var schema = TestTable.Schema(("id", "integer"), ("p", "string"), ("t", "timestamp"));
        var commit = new DeltaCommit { Operation = "WRITE", Mode = CommitMode.Append, Schema = schema, PartitionColumns = ["t", "p"], Add = [file] };
        var snapshot = (await table.Table.CommitAsync(commit, CancellationToken.None)).Snapshot;
        Assert.Equal(["7|NULL|2024-01-02 03:04:05+00"], await table.RowsAsync(snapshot));
    }

    [Theory]
    [InlineData("abfss://other@account.dfs.core.windows.net/t/a.parquet")]
    [InlineData("/other/a.parquet")]
    public async Task CreateViewAsync_FileElsewhere_IsRefusedByName(string path)
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var snapshot = await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id");
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.ViewAsync(snapshot with { Files = [snapshot.Files[0] with { Path = path }] }));
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }
}
