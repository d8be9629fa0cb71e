using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Tests.Mart;

/// <summary>SQL from outside reads one pipeline's tables and nothing else.</summary>
public sealed class SqlQueryTests(MedallionFixture medallion)
{
    private const string Definition = "sources:\n  f: {connector: file, path: $/*.csv, columns: {a: {type: bigint}, secret: {type: varchar}}}";

    [Fact]
    public async Task Run_OtherPipelinesFiles_AreOutOfReach()
    {
        var (mine, other) = (await StartAsync("mine"), await StartAsync("theirs"));
        Assert.Equal(["theirs"], await other.QueryAsync("select secret from silver.f"));
        var scratch = medallion.Floor.GetRequiredService<Engine>().Scratch;
        var files = Directory.GetFiles(Path.Combine(scratch, "cache"), "*.parquet", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        string[] attempts =
        [
            .. files.Take(3).SelectMany(f => new[] { $"select * from '{f}'", $"select * from read_parquet('{f}')", $"select * from parquet_metadata('{f}')" }),
            $"select * from read_parquet('{scratch}/**/*.parquet')",
            $"select * from glob('{scratch}/**')",
            $"select * from read_text('{scratch}/0/claim')",
            $"select content from read_blob('/etc/passwd')",
            "from '/etc/passwd'",
            "select * from query('select 1')",
            "select * from query_table('silver.f')",
            "select * from duckdb_settings()",
            "select * from duckdb_views()",
            "select * from pragma_database_list()",
            "select current_setting('temp_directory')",
            "select getenv('PATH')",
            $"select * from silver.\"../{other.Name}/f\"",
            $"select * from {other.Name}.silver.f",
            $"select * from {other.Name}.f",
            "select * from information_schema.tables",
            "select * from f",
        ];

        foreach (var sql in attempts)
        {
            var error = await Record.ExceptionAsync(() => mine.AnswerAsync(sql));
            Assert.True(error is QueryException or UnknownTableException, $"{sql}: {error?.Message ?? "was answered"}");
        }
    }

    [Theory]
    [InlineData("delete from silver.f")]
    [InlineData("create table x as select 1")]
    [InlineData("copy (select 1) to 'x.csv'")]
    [InlineData("explain analyze copy (select 1) to 'x.csv'")]
    [InlineData("attach 'x.db'")]
    [InlineData("install httpfs")]
    [InlineData("set lock_configuration = false")]
    [InlineData("pragma enable_profiling")]
    [InlineData("select 1; drop view silver.f")]
    [InlineData("")]
    [InlineData("select repeat('x', 3000000000)")]
    [InlineData("select nothing from silver.f")]
    public async Task Run_AnythingButASelect_IsRefused(string sql)
    {
        var pipeline = await StartAsync("x");

        await Assert.ThrowsAsync<QueryException>(() => pipeline.AnswerAsync(sql));
    }

    [Fact]
    public async Task Run_UnknownTableOrPipeline_SaysSo()
    {
        var pipeline = await StartAsync("x");

        Assert.Contains($"Pipeline '{pipeline.Name}' has no table gold.nothing", (await Assert.ThrowsAsync<UnknownTableException>(() => pipeline.AnswerAsync("select * from gold.nothing"))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UnknownTableException>(() => new TestPipeline(medallion.Floor, $"{pipeline.Name}/../{pipeline.Name}").AnswerAsync("select * from silver.f"));
        Assert.Equal(["1"], await pipeline.QueryAsync("select A from Silver.F"));
    }

    [Fact]
    public async Task Run_QueryWithoutEnd_IsStoppedAtTheLimit()
    {
        var pipeline = (await StartAsync("x")).On(medallion.Compose(new ManualClock { TimersTake = TimeSpan.FromMilliseconds(200) }));

        var error = await Assert.ThrowsAsync<QueryException>(() => pipeline.AnswerAsync("with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r"));

        Assert.Contains("took longer than 30 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ManyRows_AreCutAtTheLimit()
    {
        var pipeline = await StartAsync("x");

        var (all, cut) = (await pipeline.AnswerAsync("select * from range(100) a, range(100) b"), await pipeline.AnswerAsync("select * from range(101) a, range(100) b"));

        Assert.Equal((10_000, false), (all.Rows.Count, all.Truncated));
        Assert.Equal((10_000, true), (cut.Rows.Count, cut.Truncated));
    }

    [Fact]
    public async Task Run_LongValue_IsRefusedWithItsColumn()
    {
        var pipeline = await StartAsync(new string('s', 1_100_000));

        Assert.Equal([$"{1_100_000}"], await pipeline.QueryAsync("select length(secret) from silver.f"));
        Assert.Contains("column 'secret'", (await Assert.ThrowsAsync<QueryException>(() => pipeline.AnswerAsync("select secret from silver.f"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Catalog_Table_IsDescribedListedAndShown()
    {
        var pipeline = await StartAsync("x");
        var catalog = medallion.Floor.GetRequiredService<TableCatalog>();
        await pipeline.LandAsync("g.csv", "a,secret\n2,y\nz,w\n");
        await pipeline.SucceedAsync();

        var tables = await catalog.ListAsync(pipeline.Name, TestContext.Current.CancellationToken);
        var silver = await catalog.DescribeAsync(pipeline.Name, TableKey.Parse("silver.f"), default, TestContext.Current.CancellationToken);
        var first = await catalog.PreviewAsync(pipeline.Name, TableKey.Parse("bronze.f"), default, 1, TestContext.Current.CancellationToken);
        var old = await catalog.PreviewAsync(pipeline.Name, TableKey.Parse("silver.f"), new PointInTime { Number = 0 }, 10, TestContext.Current.CancellationToken);

        Assert.Equal(["bronze.f:3", "silver.f:2", "rejected.f:1"], tables.Where(t => t.Layer != "gold").Select(t => $"{t.Layer}.{t.Table}:{t.Rows}"));
        Assert.Equal(["_quality_batches:2", "_quality_checks:4", "_quality_columns:4"], tables.Where(t => t.Layer == "gold").Select(t => $"{t.Table}:{t.Rows}").Order(StringComparer.Ordinal));
        Assert.Equal(["a", "secret", "_ingested_at", "_file", "_row", "_quality", "_tier"], silver.Columns.Select(c => c.Name));
        Assert.Equal([1L, 0L], silver.History.Select(h => h.Version));
        Assert.Equal((1, true), (first.Rows.Count, first.Truncated));
        Assert.Equal((1, false), (old.Rows.Count, old.Truncated));
        await Assert.ThrowsAnyAsync<TerminalException>(() => catalog.DescribeAsync(pipeline.Name, TableKey.Parse("silver.f"), new PointInTime { Number = 9 }, TestContext.Current.CancellationToken));
    }

    private async Task<TestPipeline> StartAsync(string secret)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition);
        await pipeline.LandAsync("f.csv", $"a,secret\n1,{secret}\n");
        await pipeline.SucceedAsync();
        return pipeline;
    }
}
