using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaWidenTests(AzuriteFixture azurite)
{
    private int attempts;

    [Theory]
    [InlineData("127::TINYINT", "long", "127")]
    [InlineData("(-32768)::SMALLINT", "integer", "-32768")]
    [InlineData("2147483647", "long", "2147483647")]
    [InlineData("0.1::FLOAT", "double", "0.10000000149011612")]
    [InlineData("12.34::DECIMAL(4,2)", "decimal(38,4)", "12.3400")]
    public async Task RunAsync_WiderType_RewritesTheFilesAndKeepsValuesAndProtocol(string value, string type, string expected)
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, $"SELECT {value} AS v, 1 AS id");
        var before = await table.CommitAsync(CommitMode.Append, $"SELECT NULL::{DeltaTypes.ToDuckDb(DeltaTypes.FromDuckDb("v", table.Session.Describe($"SELECT {value} AS v")[0].Type))} AS v, 2 AS id");
        var after = (await WidenAsync(table, "v", type))?.Snapshot ?? throw new InvalidOperationException();

        Assert.Equal((new PrimitiveType(type), 2L), (after.Schema.Find("v")?.Type, after.Version));
        Assert.Empty(after.Files.Select(file => file.Path).Intersect(before.Files.Select(file => file.Path)));
        Assert.Equal([$"{expected}|1", "NULL|2"], await table.RowsAsync(after, "SELECT * FROM silver.orders ORDER BY id"));
        Assert.Equal(["1", "2"], await table.RowsAsync(before, "SELECT id FROM silver.orders ORDER BY id"));
        Assert.Equal(before.Schema, (await table.Table.ReadAsync(1, CancellationToken.None))?.Schema);
        Assert.Null(await WidenAsync(table, "v", type));
        var log = System.Text.Encoding.UTF8.GetString(await table.Lake.ReadAsync(table.Root.Append($"_delta_log/{2:D20}.json"), CancellationToken.None) ?? []);
        Assert.DoesNotContain("\"protocol\"", log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", "string")]
    [InlineData("1", "double")]
    [InlineData("1::BIGINT", "decimal(38,0)")]
    [InlineData("1.5::DOUBLE", "long")]
    [InlineData("DATE '2024-01-01'", "timestamp")]
    [InlineData("1.5::DECIMAL(4,2)", "decimal(5,4)")]
    [InlineData("1.5::DECIMAL(4,2)", "decimal(9,1)")]
    [InlineData("[1]", "long")]
    public async Task RunAsync_AnotherType_IsRefusedNamingBoth(string value, string type)
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, $"SELECT {value} AS v, 1 AS id");
        var refused = await Assert.ThrowsAsync<TerminalException>(() => WidenAsync(table, "v", type));
        Assert.Contains($" in the table and {type} in the rows to come, which is no widening", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_ColumnThatIsNotThere_IsRefused()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id");
        Assert.Contains("'v' is to be widened", (await Assert.ThrowsAsync<TerminalException>(() => WidenAsync(table, "v", "long"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AppendAsync_ColumnThatDoesNotCome_IsNotWritten()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT 1::BIGINT AS id, 'x' AS v, 7 AS p", "p");
        var after = (await new DeltaWiden(table.Lake, table.Cache, TimeProvider.System).AppendAsync(table.Session, table.Root, "SELECT 2::SMALLINT AS id", null, "w1", CancellationToken.None)).Snapshot;
        Assert.Equal(["1|x|7", "2|NULL|NULL"], await table.RowsAsync(after));
        Assert.DoesNotContain("\"v\"", after.Files.Single(file => file.PartitionValues["p"] is null).Statistics?.Json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AppendAsync_WiderAndNewColumns_WidensInTheSameCommit()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT 1::SMALLINT AS id, 1.5::FLOAT AS f, 7 AS p", "p");
        var widen = new DeltaWiden(table.Lake, table.Cache, TimeProvider.System);
        const string rows = "SELECT 9999999999 AS id, 0.25::FLOAT AS f, 8::BIGINT AS p, 'new' AS extra";
        var transaction = new TransactionId("app", 1);
        var first = await widen.AppendAsync(table.Session, table.Root, rows, transaction, "w1", CancellationToken.None);
        Assert.True((await widen.AppendAsync(table.Session, table.Root, rows, transaction, "w2", CancellationToken.None)).Repeated);
        var after = await widen.AppendAsync(table.Session, table.Root, "SELECT 3::TINYINT AS id, 8::SMALLINT AS p", null, "w3", CancellationToken.None);

        Assert.Equal("id long, f float, p long, extra string", first.Snapshot.Schema.ToString());
        Assert.Equal((1L, 2L), (first.Version, after.Version));
        Assert.Equal(["1|1.5|7|NULL", "3|NULL|8|NULL", "9999999999|0.25|8|new"], await table.RowsAsync(after.Snapshot));
        Assert.Superset(first.Snapshot.Files.Select(file => file.Path).ToHashSet(), after.Snapshot.Files.Select(file => file.Path).ToHashSet());
    }

    [Fact]
    public async Task RunAsync_MergeOfWiderRows_WidensOnlyIfAsked()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, "SELECT 1 AS id, 1.5::DECIMAL(4,2) AS v UNION ALL SELECT 2, 2.5");
        await table.CommitAsync(CommitMode.Append, "SELECT 10 AS id, 1.5::DECIMAL(4,2) AS v");
        var merge = new DeltaMerge(table.Lake, table.Cache, TimeProvider.System);
        var request = new MergeRequest { Select = "SELECT 2::BIGINT AS id, 2.125::DECIMAL(6,3) AS v UNION ALL SELECT 5000000000, 1", Key = ["id"] };
        var refused = await Assert.ThrowsAsync<TerminalException>(() => merge.RunAsync(table.Session, table.Root, request, "m1", CancellationToken.None));
        Assert.Contains("is integer in the table and long, which is wider, in the rows to come. Ask for widening", refused.Message, StringComparison.Ordinal);

        var (counts, commit) = await merge.RunAsync(table.Session, table.Root, request with { Widen = true }, "m2", CancellationToken.None);
        Assert.Equal(new MergeCounts(1, 1, 0, 0, 2), counts);
        Assert.Equal(["1|1.500", "2|2.125", "10|1.500", "5000000000|1.000"], await table.RowsAsync(commit?.Snapshot ?? throw new InvalidOperationException()));
    }

    [Fact]
    public async Task CommitAsync_WiderTypesBesideFilesThatStay_AreRefused()
    {
        var table = new TestTable();
        await table.CommitAsync(TestTable.Append("a", "b") with { Schema = TestTable.Schema(("id", "integer")) });
        var widening = TestTable.Commit(CommitMode.Replace, "c") with { Schema = TestTable.Schema(("id", "long")), Remove = ["a"] };
        Assert.Contains("is integer in the table and long", (await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(widening))).Message, StringComparison.Ordinal);
        var partly = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(widening with { WidensTypes = true }));
        Assert.Contains("removes 1 of 2 files", partly.Message, StringComparison.Ordinal);
    }

    private Task<CommitResult?> WidenAsync(LakeTable table, string column, string type) => new DeltaWiden(table.Lake, table.Cache, TimeProvider.System)
        .RunAsync(table.Session, table.Root, new Dictionary<string, PrimitiveType> { [column] = new PrimitiveType(type) }, $"w{++attempts}", CancellationToken.None);
}
