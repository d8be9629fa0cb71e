using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

/// <summary>Tables that are larger than the cache: only what a SELECT uses of them is brought.</summary>
public sealed class TableReaderPlannedTests(AzuriteFixture azurite)
{
    private const string Rows = "SELECT range AS id, md5(range::VARCHAR) AS \"Text\", (range * 7919) % 100003 AS amount, 'C' || range % 40 AS code, {'x': range, 'y': md5((range + 1)::VARCHAR)} AS pair, "
        + "[range, range % 3] AS list, range % 4 AS quarter FROM range(60000)";

    [Theory]
    [InlineData("select count(*) as n from silver.orders", 0)]
    [InlineData("select quarter, count(*) as n from silver.orders group by quarter", 1)]
    [InlineData("select quarter, sum(amount) as total from silver.orders where quarter <> 2 group by all", 2)]
    [InlineData("select sum(AMOUNT) as \"Text\" from silver.orders o", 1)]
    [InlineData("with wide as (select * from silver.orders), few as (select code, max(amount) as m from wide group by code) select * from few", 2)]
    [InlineData("select code, count(*) as n from silver.orders where code = 'C7' group by code", 1)]
    [InlineData("select code from silver.orders where code = 'nothing'", 1)]
    [InlineData("select max(pair.x) as m, sum(list[2]) as s from silver.orders", 2)]
    [InlineData("select amount from silver.orders o where exists (select 1 from silver.orders p where p.amount = o.amount + 1 and p.quarter = 1) and amount < 50", 2)]
    [InlineData("select count(later) as n, sum(id) as s from silver.orders", 2)]
    [InlineData("select * exclude (\"Text\", pair) from silver.orders where id % 1000 = 7", 6)]
    [InlineData("select * from silver.orders where id < 20", 8)]
    [InlineData("select id, row_number() over (partition by quarter order by amount desc, id) as place from silver.orders qualify place <= 3", 3)]
    [InlineData("select a.id, b.code from silver.orders a join silver.orders b on a.id = b.amount where a.id < 9 union all select count(*), null from silver.orders", 3)]
    public async Task CreateViewsAsync_LargerThanTheCache_GivesTheSameRows(string select, int columns)
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.CommitAsync(CommitMode.Append, Rows, "quarter");
        var snapshot = await table.CommitAsync(CommitMode.Append, $"SELECT 'late' AS later, * FROM ({Rows}) WHERE id % 3 = 0", "quarter");
        var ordered = $"select * from ({select}) order by all";
        var expected = await table.RowsAsync(snapshot, ordered);

        using var small = Small(table, snapshot.Bytes - 1);
        var reader = new TableReader(small.Cache);
        var planned = Assert.Single(await reader.PlanAsync(table.Session, [Orders(table, snapshot)], select, default));
        Assert.Equal(columns, planned.Columns?.Count);
        Assert.Equal(columns == 8, planned.IsStreamed);
        foreach (var isStreamed in (bool[])[planned.IsStreamed, true])
        {
            using var views = await reader.CreateViewsAsync(table.Session, [planned with { IsStreamed = isStreamed }], default);
            using var result = table.Session.Query($"select cast(columns(*) as varchar) from ({ordered})");
            Assert.Equal(expected, result.Rows().Select(row => string.Join('|', row.Select(value => value ?? "NULL"))));
            Assert.Null(views.Failure);
            Assert.InRange(small.Cache.UsedBytes, planned.RoomBytes, small.Cache.LimitBytes);
        }
    }

    [Fact]
    public async Task CreateViewsAsync_ColumnThatWasNotBrought_FailsTheQueryThatReadsIt()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var snapshot = await table.CommitAsync(CommitMode.Append, Rows);
        using var small = Small(table, snapshot.Bytes - 1);
        var reader = new TableReader(small.Cache);
        var planned = await reader.PlanAsync(table.Session, [Orders(table, snapshot)], "select amount from silver.orders", default);
        using var lease = await reader.CreateViewsAsync(table.Session, planned, default);

        foreach (var use in (string[])["count(code)", "count(*) filter (where code is null)", "max(\"Text\")", "count(pair.x)", "any_value(list)", "count(distinct id)", "sum(amount) filter (where id = id)"])
        {
            var error = Assert.Throws<DuckDbException>(() => table.Session.Execute($"select {use} from silver.orders"));
            Assert.Contains("was not brought", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task PlanAsync_FitsInTheCache_TakesWholeFiles()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var snapshot = await table.CommitAsync(CommitMode.Append, Rows);
        using var small = Small(table, snapshot.Bytes);
        var planned = Assert.Single(await new TableReader(small.Cache).PlanAsync(table.Session, [Orders(table, snapshot)], "select amount from silver.orders", default));
        Assert.Null(planned.Columns);
        Assert.Equal(snapshot.Bytes, planned.Bytes);
    }

    [Fact]
    public async Task CreateViewsAsync_SeveralTablesOfWhichOneIsEmpty_ReadsThemTogether()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        using var other = await LakeTable.CreateAsync(azurite);
        var snapshot = await table.CommitAsync(CommitMode.Append, Rows);
        var empty = await other.CommitAsync(CommitMode.Append, "SELECT 1 AS id, 'x' AS note WHERE false");
        using var small = Small(table, snapshot.Bytes - 1);
        var reader = new TableReader(small.Cache);
        const string select = "select count(*) as n, count(note) as notes, sum(amount)::bigint as s from silver.orders left join silver.notes using (id)";
        var planned = await reader.PlanAsync(table.Session, [Orders(table, snapshot), new TableInput("silver", "notes", empty, other.Root)], select, default);
        using var lease = await reader.CreateViewsAsync(table.Session, planned, default);
        using var result = table.Session.Query(select);
        Assert.Equal([60_000L, 0L], result.Rows().Single()[..2]);
    }

    [Fact]
    public async Task PlanAsync_FooterLargerThanItsGuess_IsReadWhole()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var columns = string.Join(", ", Enumerable.Range(0, 2500).Select(number => $"range + {number} AS column_with_a_rather_long_name_{number}"));
        var snapshot = await table.CommitAsync(CommitMode.Append, $"SELECT {columns} FROM range(3000)");
        using var small = Small(table, snapshot.Bytes - 1);
        var reader = new TableReader(small.Cache);
        const string select = "select sum(column_with_a_rather_long_name_1200)::bigint as s from silver.orders";
        var planned = await reader.PlanAsync(table.Session, [Orders(table, snapshot)], select, default);
        Assert.InRange(planned[0].Bytes, (256 << 10) + 1, snapshot.Bytes / 2);
        using var lease = await reader.CreateViewsAsync(table.Session, planned, default);
        Assert.Equal((3000L * 1200) + (2999 * 3000 / 2), table.Session.Scalar<long>(select));
    }

    private static TableInput Orders(LakeTable table, DeltaSnapshot snapshot) => new("silver", "orders", snapshot, table.Root);

    private static SmallCache Small(LakeTable table, long bytes) => new(table.Lake, bytes);

    private sealed class SmallCache : IDisposable
    {
        private readonly string folder = Directory.CreateTempSubdirectory("small-").FullName;

        public SmallCache(ILake lake, long bytes) => Cache = new FileCache(lake, folder, bytes);

        public FileCache Cache { get; }

        public void Dispose()
        {
            Cache.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }
}
