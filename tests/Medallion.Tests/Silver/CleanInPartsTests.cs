using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Tests.Silver;

/// <summary>A clean step that is too large for one activity gives the tables that one activity would give.</summary>
public sealed class CleanInPartsTests(MedallionFixture medallion)
{
    private const string Keyed = "sources:\n  f: {connector: file, path: $/*.csv, key: [k], columns: {k: {type: bigint}, v: {type: bigint}}";
    private static readonly TableKey Silver = new("silver", "f");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(11, 1, "key: [k], latest_by: day, partition: {by: day, as: [year, month]}")]
    [InlineData(12, 1, "key: [s, k]")]
    [InlineData(13, 1, "partition: {by: day, as: [year]}")]
    [InlineData(14, 6000, "key: [k], latest_by: day")]
    public async Task Clean_InParts_EqualsOneActivity(int seed, long singleBytes, string options)
    {
        var whole = await TestPipeline.CreateAsync(medallion, RandomLanding.Definition(options));
        var cut = whole.On(Small(singleBytes));
        var landing = new RandomLanding(whole, seed);
        var attempts = 0;
        for (var round = 1; round <= RandomLanding.Rounds; round++)
        {
            await landing.NextAsync();

            await cut.SucceedAsync();

            // Each comparison is two rebuilds.
            if (round == RandomLanding.Rounds)
            {
                var increments = await RowsAsync(whole);
                await cut.RunAsync(fullRefresh: true, "silver.f");
                attempts = Math.Max(attempts, await AttemptsAsync(whole));
                var (silver, rejected) = await RowsAsync(whole);
                await whole.RunAsync(fullRefresh: true, "silver.f");
                Assert.Equal(1, await AttemptsAsync(whole));
                Assert.Equal((silver, rejected), await RowsAsync(whole));
                Assert.Equal((silver, rejected), increments);
            }
        }

        Assert.True(attempts > 1, "the step was never cut");
    }

    [Fact]
    public async Task Clean_InParts_CountsRowsAsOneActivityDoes()
    {
        var pipeline = (await TestPipeline.CreateAsync(medallion, $"{Keyed}, rules: [{{id: small, expect: 'v < 100', otherwise: warn}}]}}")).On(Small(1));
        await pipeline.LandAsync("a.csv", "k,v\n1,1\n2,2\n2,2\n3,x\n");
        await pipeline.SucceedAsync();
        Assert.Equal((4, 2, 0, 0, 1, 1, 0), await BooksAsync(pipeline));

        await pipeline.LandAsync("b.csv", "k,v\n1,1\n1,100\n5,100\n6,x\n");
        await pipeline.SucceedAsync();

        Assert.Equal((4, 1, 1, 1, 0, 1, 2), await BooksAsync(pipeline));
        Assert.Equal(["1|100", "2|2", "5|100"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
        Assert.Equal(["4|v-type:v:x", "4|v-type:v:x"], await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Clean_EveryPartTwice_HasEveryRowOnce()
    {
        var pipeline = (await TestPipeline.CreateAsync(medallion, $"{Keyed}}}")).On(Small(1));
        foreach (var (file, rows) in new[] { ("a.csv", "1,1\n2,2\n3,x\n"), ("b.csv", "2,20\n4,4\n5,x\n") })
        {
            await pipeline.LandAsync(file, $"k,v\n{rows}");

            var report = await new RunDriver(pipeline.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), Cancelled);

            Assert.True(report.Run.Status == RunStatus.Succeeded, report.Run.Error);
        }

        Assert.Equal(["1|1", "2|20", "4|4"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
        Assert.Equal(["3|v-type:v:x", "3|v-type:v:x"], await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Clean_RuleThatFailsInAPart_CommitsNothing()
    {
        var pipeline = (await TestPipeline.CreateAsync(medallion, $"{Keyed}, rules: [{{id: small, expect: 'v < 100', otherwise: fail}}]}}")).On(Small(1));
        await pipeline.LandAsync("a.csv", "k,v\n1,1\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("b.csv", "k,v\n2,100\n3,x\n");

        var report = await pipeline.RunAsync();

        Assert.Contains("Rule 'small' of source 'f' fails the step: 1 row(s) break it", report["silver.f"].Error, StringComparison.Ordinal);
        Assert.Equal(["1|1"], await pipeline.QueryAsync("select k, v from silver.f"));
        Assert.Empty(await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Run_FoldersOfRuns_AreGoneWhenItEnds()
    {
        var pipeline = (await TestPipeline.CreateAsync(medallion, $"{Keyed}}}")).On(Small(1));
        var other = new LakePath("pipelines", $".runs/{pipeline.Name}x.1/kept");
        var left = new LakePath("pipelines", $".runs/{pipeline.Name}.1/silver.f/rows/__bucket=0/left.parquet");
        await pipeline.Lake.WriteAsync(left, new byte[1], Cancelled);
        await pipeline.Lake.WriteAsync(other, new byte[1], Cancelled);
        await pipeline.LandAsync("a.csv", "k,v\n1,1\n");

        await pipeline.SucceedAsync();

        var found = await pipeline.Lake.ListPrefixAsync("pipelines", $".runs/{pipeline.Name}", Cancelled).Select(f => f.Path).ToListAsync(Cancelled);
        Assert.Equal([other], found);
    }

    [Fact]
    public void Of_FlexConsumption_FitsItsMemoryAndScratch()
    {
        var limits = CleanLimits.Of(new EngineOptions { MemoryBytes = 1L << 30, ScratchBytes = 800L << 20, MaxConcurrentActivities = 4 });

        Assert.Equal((50L << 20, 32L << 20, 50L << 20), (limits.SingleBytes, limits.PartBytes, limits.BucketBytes));
    }

    private static async Task<(long In, long Inserted, long Updated, long Superseded, long Duplicate, long Rejected, long Warned)> BooksAsync(TestPipeline pipeline)
    {
        var snapshot = await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, Silver).ReadAsync((long?)null, Cancelled);
        var rows = Assert.IsType<StepState>(StepState.Of(snapshot, Silver)).Rows;
        return (rows.In, rows.Inserted, rows.Updated, rows.Superseded, rows.Duplicate, rows.Rejected, rows.Warned);
    }

    // A data file is named by the attempt that wrote it.
    private static async Task<int> AttemptsAsync(TestPipeline pipeline)
    {
        var snapshot = await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, Silver).ReadAsync((long?)null, Cancelled);
        return snapshot?.Files.Select(f => f.Path[f.Path.LastIndexOf('-')..]).Distinct().Count() ?? 0;
    }

    private static async Task<(string Silver, string Rejected)> RowsAsync(TestPipeline pipeline) => (
        string.Join('\n', await pipeline.QueryAsync("select * from silver.f order by all")),
        string.Join('\n', await pipeline.QueryAsync("select * exclude (run_id, rejected_at) from rejected.f order by all")));

    private IServiceProvider Small(long singleBytes) => medallion.Compose(
        TimeProvider.System, services => services.AddSingleton(new CleanLimits { SingleBytes = singleBytes, PartBytes = 3000, BucketBytes = 3000 }));
}
