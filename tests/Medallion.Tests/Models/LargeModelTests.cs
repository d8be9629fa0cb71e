using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Models;

/// <summary>Models that are larger than their memory.</summary>
public sealed class LargeModelTests(MedallionFixture medallion)
{
    // 1.44 million rows, 100 MB as the engine holds them.
    private const string Sorted = "select (a.n * 1200 + b.n)::bigint as n, md5((a.n * 1200 + b.n)::varchar) as hash from silver.f a cross join silver.f b order by hash";
    private const string Grouped = "select hash, count(*) as n, max(m) as m from (select md5((a.n * 1200 + b.n)::varchar) as hash, b.n as m from silver.f a cross join silver.f b) group by hash";

    [Fact]
    public async Task Build_SortAndAggregateBeyondMemory_Spill()
    {
        var pipeline = await StartAsync(memory: 4 * (64L << 20), scratch: 4L << 30, ("gold.sorted", Sorted), ("gold.grouped", Grouped));

        await pipeline.SucceedAsync("gold.sorted", "gold.grouped");

        Assert.Equal(["1440000|1440000"], await pipeline.QueryAsync("select count(*), max(n) + 1 from gold.sorted"));
        Assert.Equal(["1440000|1440000"], await pipeline.QueryAsync("select count(*), sum(n) from gold.grouped"));
    }

    [Fact]
    public async Task Build_BeyondMemoryAndScratch_FailsSayingWhatItHad()
    {
        var pipeline = await StartAsync(memory: 4 * (64L << 20), scratch: 8L << 20, ("gold.sorted", Sorted.Replace(" as hash", " as hash, sha256(b.n || '-' || a.n) as wide", StringComparison.Ordinal)));

        var report = await pipeline.RunAsync("gold.sorted");

        Assert.Equal(StepStatus.Failed, report["gold.sorted"].Status);
        Assert.StartsWith(
            "gold.sorted needs more than it had: 67,108,864 bytes of memory and 4,194,304 bytes of scratch disk to spill to. Raise Engine__MemoryBytes or Engine__ScratchBytes",
            report["gold.sorted"].Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_InputLargerThanTheCache_BringsTheColumnsInUse()
    {
        var pipeline = await StartWideAsync(
            1_200_000,
            "  gold.merged: {key: [n], incremental: true}\n  gold.kept: {key: [n], history: {sequence: m}}\n",
            ("gold.total", "select count(*) as n, sum(m)::bigint as m from silver.wide"),
            ("gold.count", "select count(*) as n from silver.wide"),
            ("gold.merged", "select n, m from silver.wide where n < 10"),
            ("gold.kept", "select n, m from silver.wide where n < 10"));

        await pipeline.SucceedAsync("gold.total", "gold.count", "gold.merged", "gold.kept");

        Assert.Equal(["20000|200010000"], await pipeline.QueryAsync("select n, m from gold.total"));
        Assert.Equal(["20000"], await pipeline.QueryAsync("select n from gold.count"));
        Assert.Equal(["10|55"], await pipeline.QueryAsync("select count(*), sum(m) from gold.merged"));
        Assert.Equal(["10|55"], await pipeline.QueryAsync("select count(*), sum(valid_from) from gold.kept where is_current"));
    }

    [Fact]
    public async Task Build_SeveralInATightCache_TakeTurnsWithinIt()
    {
        var pipeline = await StartWideAsync(
            1_200_000, "", ("gold.a", "select max(a) as x from silver.wide"), ("gold.b", "select max(b) as x, sum(m)::bigint as m from silver.wide"), ("gold.c", "select min(a) as x from silver.wide where n > 5"));
        var request = await pipeline.RequestAsync(fullRefresh: false, "gold.a", "gold.b", "gold.c");
        var cancellation = TestContext.Current.CancellationToken;
        var plan = await pipeline.Floor.GetRequiredService<PipelineSteps>().PlanAsync(request, "plan", cancellation);
        var driver = new RunDriver(pipeline.Floor);

        await Task.WhenAll(plan.Steps.Where(step => !step.Unchanged).Select(step => Task.Run(() => driver.StepAsync(plan, step, plan.Versions, cancellation), cancellation)));

        Assert.Equal(3, plan.Steps.Count(step => !step.Unchanged));
        Assert.Equal(["200010000"], await pipeline.QueryAsync("select m from gold.b"));
        Assert.InRange(pipeline.Floor.GetRequiredService<FileCache>().UsedBytes, 1, 600_000);
    }

    [Fact]
    public async Task Build_ColumnsInUseLargerThanTheCache_ReadsFileByFile()
    {
        var pipeline = await StartWideAsync(
            2_000_000,
            "  gold.merged: {key: [n], incremental: true}\n  gold.keyed: {key: [n]}\nmetrics:\n  longest: {from: silver.wide, expr: \"max(len(a) + len(b))\"}\n",
            ("gold.keyed", "select n, min(a) as a, max(b) as b from silver.wide group by n"),
            ("gold.merged", "select x.n, x.a, y.b from silver.wide x join silver.wide y on x.n = y.n where x.n < 10 and x.m > 5"));
        await pipeline.LandAsync("g.csv", WideRows(20_000));
        await pipeline.SucceedAsync("bronze.wide");
        await pipeline.On(medallion.Floor).SucceedAsync("silver.wide");

        var report = await pipeline.SucceedAsync("gold.keyed", "gold.merged");

        Assert.Equal(["40000"], await pipeline.On(medallion.Floor).QueryAsync("select count(*) from gold.keyed"));
        Assert.Equal(["5"], await pipeline.QueryAsync("select count(*) from gold.merged"));
        Assert.Equal(64, report.Run.Metrics["longest"]);
        Assert.InRange(pipeline.Floor.GetRequiredService<FileCache>().UsedBytes, 1, 1_000_000);
    }

    [Fact]
    public async Task Build_ColumnsOfAFileLargerThanTheCache_FailsNamingThemAndTheSetting()
    {
        var pipeline = await StartWideAsync(1_200_000, "", ("gold.copy", "select a, b from silver.wide"));

        var report = await pipeline.RunAsync("gold.copy");

        Assert.Matches(
            @"^gold\.copy uses 2 of 9 columns of silver\.wide, of which the largest file takes [0-9,]+ bytes; the cache of data files has room for 600,000\. Raise Engine__ScratchBytes, half of which is the cache's, to [0-9,]+ or more",
            report["gold.copy"].Error);
    }

    private Task<TestPipeline> StartAsync(long memory, long scratch, params (string, string)[] models) =>
        StartAsync("f: {connector: file, path: $/*.csv, columns: {n: {type: bigint}}}", $"n\n{string.Join('\n', Enumerable.Range(0, 1200))}\n", memory, scratch, "", models);

    // 20,000 rows, of which two columns of hashes take most.
    private Task<TestPipeline> StartWideAsync(long scratch, string options, params (string, string)[] models) => StartAsync(
        "wide: {connector: file, path: $/*.csv, columns: {n: {type: bigint}, m: {type: bigint}, a: {type: varchar}, b: {type: varchar}}}",
        WideRows(0),
        memory: 1L << 30,
        scratch,
        options,
        models);

    private static string WideRows(int from) => $"n,m,a,b\n{string.Concat(Enumerable.Range(from, 20_000).Select(n => $"{n},{n + 1},{Hash(n)},{Hash(-1 - n)}\n"))}";

    private static string Hash(int number) => Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(number)).AsSpan(0, 16));

    private async Task<TestPipeline> StartAsync(string source, string rows, long memory, long scratch, string options, (string, string)[] models)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"sources:\n  {source}{(options.Length > 0 ? $"\nmodels:\n{options}" : "")}", models);
        await pipeline.LandAsync("f.csv", rows);
        var name = source[..source.IndexOf(':', StringComparison.Ordinal)];
        await pipeline.SucceedAsync($"bronze.{name}", $"silver.{name}");
        return pipeline.On(medallion.Compose(TimeProvider.System, services => services.AddSingleton(new EngineOptions
        {
            MemoryBytes = memory,
            ScratchBytes = scratch,
            ScratchFolder = Path.Combine(Path.GetTempPath(), "pipeline-large-model-tests"),
        })));
    }
}
