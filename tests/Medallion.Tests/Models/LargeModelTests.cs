using Microsoft.Extensions.DependencyInjection;
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
    public async Task Build_InputLargerThanTheCache_FailsNamingTableAndSizes()
    {
        var pipeline = await StartAsync(memory: 1L << 30, scratch: 2000, ("gold.copy", "select n from silver.f"));

        var report = await pipeline.RunAsync("gold.copy");

        Assert.Matches(@"^gold\.copy reads silver\.f \([0-9,]+ bytes\); the cache of data files has room for 1,000 bytes\. Raise Engine__ScratchBytes", report["gold.copy"].Error);
    }

    private async Task<TestPipeline> StartAsync(long memory, long scratch, params (string, string)[] models)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, "sources:\n  f: {connector: file, path: $/*.csv, columns: {n: {type: bigint}}}", models);
        await pipeline.LandAsync("f.csv", $"n\n{string.Join('\n', Enumerable.Range(0, 1200))}\n");
        await pipeline.SucceedAsync("bronze.f", "silver.f");
        return pipeline.On(medallion.Compose(TimeProvider.System, services => services.AddSingleton(new EngineOptions
        {
            MemoryBytes = memory,
            ScratchBytes = scratch,
            ScratchFolder = Path.Combine(Path.GetTempPath(), "pipeline-large-model-tests"),
        })));
    }
}
