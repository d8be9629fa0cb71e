using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Bronze;

/// <summary>What a second run takes and makes, and what it leaves alone.</summary>
public sealed class IncrementalTests(MedallionFixture medallion)
{
    private const string Definition = """
        sources:
          f:
            connector: file
            path: $/*.csv
            columns: {a: {type: bigint}, b: {type: varchar}}
          other:
            connector: file
            path: $/other/*.csv
            columns: {a: {type: bigint}}
        """;

    private static readonly (string, string)[] Models = [("gold.sums", "select sum(a) as total from silver.f"), ("gold.others", "select count(*) as n from silver.other")];

    [Fact]
    public async Task Run_NothingMoved_WritesNoVersionAnywhere()
    {
        var pipeline = await StartAsync();
        var versions = await VersionsAsync(pipeline);
        await pipeline.LandAsync("f1.csv", "a,b\n1,x\n");

        var second = await pipeline.SucceedAsync();
        var third = await pipeline.On(medallion.Compose(TimeProvider.System)).SucceedAsync();

        Assert.Equal(versions, await VersionsAsync(pipeline));
        Assert.All(second.Steps.Concat(third.Steps), s => Assert.Equal(StepStatus.Unchanged, s.Status));
    }

    [Fact]
    public async Task Run_ChangedFileAfterBronzeWasPacked_ReplacesItsRowsExactly()
    {
        var pipeline = await StartAsync();
        await pipeline.LandAsync("f2.csv", "a,b\n2,y\n");
        await pipeline.SucceedAsync();
        await PackAsync(pipeline, targetSizeBytes: 256L << 20);

        await pipeline.LandAsync("f1.csv", "a,b\n10,changed\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("f2.csv", "a,b\n20,changed\n");
        await pipeline.SucceedAsync();

        Assert.Equal(["10|changed", "20|changed"], await pipeline.QueryAsync("select a, b from bronze.f order by a"));
        Assert.Equal(["10|changed", "20|changed"], await pipeline.QueryAsync("select a, b from silver.f order by a"));
    }

    [Fact]
    public async Task Run_ChangedFileAfterBronzeWasPacked_RewritesOnlyTheFilesThatHoldIt()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition, Models);
        for (var n = 1; n <= 4; n++)
        {
            await pipeline.LandAsync($"f{n}.csv", $"a,b\n{n},x\n");
            await pipeline.SucceedAsync("bronze.f");
        }

        var small = (await BronzeAsync(pipeline)).Files.Max(f => f.SizeBytes);
        await PackAsync(pipeline, (2 * small) + (small / 2));
        var packed = await BronzeAsync(pipeline);
        Assert.Equal(2, packed.Files.Count);

        await pipeline.LandAsync("f4.csv", "a,b\n40,changed\n");
        await pipeline.SucceedAsync("bronze.f");

        var left = (await BronzeAsync(pipeline)).Files.Select(f => f.Path).ToList();
        Assert.Equal([packed.Files.Single(f => !f.Statistics!.Json.Contains("/f4.csv", StringComparison.Ordinal)).Path], packed.Files.Select(f => f.Path).Intersect(left));
        Assert.Equal(["1|x", "2|x", "3|x", "40|changed"], await pipeline.QueryAsync("select a, b from bronze.f order by a::int"));
    }

    [Theory]
    [InlineData("""{"minValues":{"_file":"p/b"},"maxValues":{"_file":"p/d"}}""", "p/a p/e", false)]
    [InlineData("""{"minValues":{"_file":"p/b"},"maxValues":{"_file":"p/d"}}""", "p/a p/c", true)]
    [InlineData("""{"minValues":{"_file":"p/b"},"maxValues":{"_file":"p/d"}}""", "p/d", true)]
    [InlineData("""{"minValues":{"_file":"p/"},"maxValues":{"_file":"p/\udbff\udfff"}}""", "p/\uffee", true)]
    [InlineData("""{"numRecords":1}""", "p/a", true)]
    public void MayHold_Bounds_AreThoseOfTheColumn(string statistics, string paths, bool expected) => Assert.Equal(expected, Medallion.Sources.File.ChangedFiles.MayHold(
        new AddFile { Path = "x", SizeBytes = 1, ModifiedUnixMilliseconds = 0, Statistics = new FileStatistics { Rows = 1, Json = statistics } }, paths.Split(' ')));

    [Fact]
    public async Task Run_NewFile_AddsItAndRebuildsOnlyWhatReadsIt()
    {
        var pipeline = await StartAsync();
        await pipeline.LandAsync("f2.csv", "a,b\n2,y\n");

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["bronze.f", "silver.f", "gold.sums"], report.Built);
        Assert.Equal(1, report["bronze.f"].RowsIn);
        Assert.Equal(["3"], await pipeline.QueryAsync("select total from gold.sums"));
    }

    [Fact]
    public async Task Run_ChangedFile_ReplacesItsRowsAndNoOthers()
    {
        var pipeline = await StartAsync();
        await pipeline.LandAsync("f2.csv", "a,b\n20,y\n21,y\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("f1.csv", "b,a,c\nz,5,new\nz,6,new\n");

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["5|z", "6|z", "20|y", "21|y"], await pipeline.QueryAsync("select a, b from silver.f order by a"));
        Assert.Equal(["bronze.f", "silver.f", "gold.sums"], report.Built);
        await pipeline.LandAsync("f1.csv", "a,b\n1,x\n");
        await pipeline.SucceedAsync();
        Assert.Equal(["1|x", "20|y", "21|y"], await pipeline.QueryAsync("select a, b from silver.f order by a"));
    }

    [Fact]
    public async Task Run_FileRemoved_StaysUnlessTheLoadIsFull()
    {
        var pipeline = await StartAsync();
        await pipeline.LandAsync("f2.csv", "a,b\n2,y\n");
        await pipeline.SucceedAsync();
        await pipeline.RemoveAsync("f1.csv");

        Assert.Empty((await pipeline.SucceedAsync()).Built);
        await pipeline.DefineAsync(Definition.Replace("path: $/*.csv", "path: $/*.csv\n    load: full", StringComparison.Ordinal), Models);
        await pipeline.SucceedAsync();
        Assert.Equal(["2|y"], await pipeline.QueryAsync("select a, b from silver.f"));

        Assert.Empty((await pipeline.SucceedAsync()).Built);
        await pipeline.RemoveAsync("f2.csv");
        await pipeline.SucceedAsync();
        Assert.Equal(["0"], await pipeline.QueryAsync("select count(*) from silver.f"));
    }

    [Fact]
    public async Task Run_DefinitionOfOneStepChanged_RebuildsItAndWhatFollows()
    {
        var pipeline = await StartAsync();
        await pipeline.DefineAsync(Definition, ("gold.sums", "select sum(a) + 1 as total from silver.f"), Models[1]);
        Assert.Equal(["gold.sums"], (await pipeline.SucceedAsync()).Built);

        await pipeline.DefineAsync($"# a comment\ndescription: said\n{Definition}", ("gold.sums", "select sum(a) + 1 as total from silver.f"), Models[1]);
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        await pipeline.DefineAsync(Definition.Replace("a: {type: bigint}, b", "a: {type: bigint, min: 2}, b", StringComparison.Ordinal), Models);
        Assert.Equal(["silver.f", "gold.sums"], (await pipeline.SucceedAsync()).Built);
        Assert.Equal(["1|a-range:a:1"], await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Run_FullRefresh_MakesEverythingAnewOnce()
    {
        var pipeline = await StartAsync();

        var report = await pipeline.RunAsync(fullRefresh: true);

        Assert.Equal(6, report.Built.Count());
        Assert.Equal(["1"], await pipeline.QueryAsync("select count(*) from bronze.f"));
    }

    [Fact]
    public async Task Run_SelectedStep_LeavesTheOthers()
    {
        var pipeline = await StartAsync();
        await pipeline.LandAsync("f2.csv", "a,b\n2,y\n");

        Assert.Equal(["bronze.f"], (await pipeline.SucceedAsync("bronze.f")).Built);
        Assert.Empty((await pipeline.SucceedAsync("gold.sums")).Built);
        Assert.Equal(["silver.f", "gold.sums"], (await pipeline.SucceedAsync("gold.sums", "silver.f")).Built);
        Assert.Equal(["3"], await pipeline.QueryAsync("select total from gold.sums"));
        var error = await Assert.ThrowsAsync<UnknownStepException>(() => pipeline.RunAsync("gold.nothing"));
        Assert.Contains("has no step 'gold.nothing'. Its steps: bronze.f", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SelectedStepWithoutItsInput_FailsSayingWhatToSelect()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition, Models);

        var report = await pipeline.RunAsync("gold.sums");

        Assert.Equal("gold.sums reads silver.f, which is not built yet. Run the whole pipeline, or select silver.f too.", report["gold.sums"].Error);
    }

    [Fact]
    public async Task Run_FileReplacedAfterThePlan_FailsTheStepWithTheFilesName()
    {
        var pipeline = await StartAsync();
        await pipeline.LandAsync("f2.csv", "a,b\n2,y\n");
        var driver = new RunDriver(pipeline.Floor) { Planned = _ => pipeline.LandAsync("f2.csv", "a,b\n3,z\n") };

        var report = await driver.RunAsync(await pipeline.RequestAsync(), TestContext.Current.CancellationToken);

        Assert.Equal(StepStatus.Failed, report["bronze.f"].Status);
        Assert.Contains($"landing/{pipeline.Name}/f2.csv", report["bronze.f"].Error, StringComparison.Ordinal);
        Assert.Contains("it was replaced meanwhile", report["bronze.f"].Error, StringComparison.Ordinal);
        Assert.Equal(StepStatus.Skipped, report["gold.sums"].Status);
        Assert.Equal(RunStatus.Failed, report.Run.Status);
        await pipeline.SucceedAsync();
        Assert.Equal(["4"], await pipeline.QueryAsync("select total from gold.sums"));
    }

    [Fact]
    public async Task Run_EveryActivityTwice_GivesTheSameTables()
    {
        var pipeline = await StartAsync();
        await pipeline.LandAsync("f1.csv", "a,b\n7,x\n");
        var versions = await VersionsAsync(pipeline);

        var report = await new RunDriver(pipeline.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), TestContext.Current.CancellationToken);

        Assert.Equal(RunStatus.Succeeded, report.Run.Status);
        Assert.Equal(["7"], await pipeline.QueryAsync("select total from gold.sums"));
        Assert.Equal(versions["bronze.f"] + 1, (await VersionsAsync(pipeline))["bronze.f"]);
        Assert.Equal(versions["silver.f"] + 1, (await VersionsAsync(pipeline))["silver.f"]);
    }

    [Fact]
    public async Task Run_OlderRunAfterANewer_IsRefused()
    {
        var pipeline = await StartAsync();
        var old = await pipeline.RequestAsync();
        await pipeline.SucceedAsync();

        var error = await Assert.ThrowsAsync<TerminalException>(() => new RunDriver(pipeline.Floor).RunAsync(old, TestContext.Current.CancellationToken));

        Assert.Contains("no longer holds pipeline", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutContentHash_FindsTheSameContentByReading()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition, Models);
        await UploadWithoutHashAsync(pipeline, "a,b\n1,x\n");
        await pipeline.SucceedAsync();
        var versions = await VersionsAsync(pipeline);
        await UploadWithoutHashAsync(pipeline, "a,b\n1,x\n");

        var report = await pipeline.SucceedAsync();

        Assert.Empty(report.Built);
        Assert.Equal(versions, await VersionsAsync(pipeline));
    }

    [Fact]
    public async Task Run_ManyRuns_KeepTheLedgerShort()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, "sources:\n  f: {connector: file, path: $/*.csv, columns: {a: {type: bigint}}}");
        for (var run = 0; run < 18; run++)
        {
            await pipeline.LandAsync($"f{run}.csv", $"a\n{run}\n");
            await pipeline.SucceedAsync("bronze.f");
        }

        var state = await StateAsync(pipeline);
        Assert.Equal(2, state.Ledger.Count);
        Assert.Empty((await pipeline.SucceedAsync("bronze.f")).Built);
        await pipeline.LandAsync("f3.csv", "a\n100\n");
        await pipeline.SucceedAsync("bronze.f");
        Assert.Equal(["18|250"], await pipeline.QueryAsync("select count(*), sum(a::bigint) from bronze.f"));
    }

    [Fact]
    public void RequireBalance_RowLost_SaysSo()
    {
        var error = Assert.Throws<TerminalException>(() => new RowBooks { In = 3, Inserted = 1, Rejected = 1 }.RequireBalance(TableKey.Parse("silver.f")));

        Assert.Contains("The books of silver.f do not balance: 3 rows in", error.Message, StringComparison.Ordinal);
    }

    private static async Task PackAsync(TestPipeline pipeline, long targetSizeBytes)
    {
        var optimize = new DeltaOptimize(pipeline.Lake, pipeline.Floor.GetRequiredService<FileCache>(), TimeProvider.System, targetSizeBytes);
        using var session = pipeline.Floor.GetRequiredService<Engine>().OpenSession();
        Assert.NotNull(await optimize.RunAsync(session, LakeTables.Root(pipeline.Name, new TableKey("bronze", "f")), "packed", TestContext.Current.CancellationToken));
    }

    private static async Task<StepState> StateAsync(TestPipeline pipeline) => Assert.IsType<StepState>(StepState.Of(await BronzeAsync(pipeline), TableKey.Parse("bronze.f")));

    private static async Task<DeltaSnapshot> BronzeAsync(TestPipeline pipeline) => Assert.IsType<DeltaSnapshot>(
        await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, TableKey.Parse("bronze.f")).ReadAsync((long?)null, TestContext.Current.CancellationToken));

    private static async Task<IReadOnlyDictionary<string, long>> VersionsAsync(TestPipeline pipeline) =>
        (await pipeline.Floor.GetRequiredService<Medallion.Serving.TableCatalog>().ListAsync(pipeline.Name, TestContext.Current.CancellationToken)).ToDictionary(t => $"{t.Layer}.{t.Table}", t => t.Version);

    private async Task<TestPipeline> StartAsync()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition, Models);
        await pipeline.LandAsync("f1.csv", "a,b\n1,x\n");
        await pipeline.LandAsync("other/o.csv", "a\n1\n");
        await pipeline.SucceedAsync();
        return pipeline;
    }

    private async Task UploadWithoutHashAsync(TestPipeline pipeline, string content)
    {
        var blob = new BlobServiceClient(medallion.ConnectionString).GetBlobContainerClient("landing").GetBlobClient(pipeline.LandingPath("f1.csv").Path);
        await blob.UploadAsync(BinaryData.FromString(content), overwrite: true, TestContext.Current.CancellationToken);
        await blob.SetHttpHeadersAsync(new(), cancellationToken: TestContext.Current.CancellationToken);
    }
}
