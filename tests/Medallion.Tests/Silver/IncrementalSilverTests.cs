using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Silver;

/// <summary>Silver from increments is silver from all of bronze; what is read again, and why.</summary>
public sealed class IncrementalSilverTests(MedallionFixture medallion)
{
    private const string Keyed = "sources:\n  f: {connector: file, path: $/*.csv, key: [k], columns: {k: {type: bigint}, v: {type: bigint}}}";
    private static readonly TableKey Bronze = new("bronze", "f");
    private static readonly TableKey Silver = new("silver", "f");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, "key: [k], latest_by: day, partition: {by: day, as: [year, month]}")]
    [InlineData(2, "key: [s, k], latest_by: day")]
    [InlineData(3, "key: [k]")]
    [InlineData(4, "partition: {by: day, as: [year]}")]
    public async Task Clean_AnySequenceOfFiles_EqualsOneRebuildOfAll(int seed, string options)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, RandomLanding.Definition(options));
        var landing = new RandomLanding(pipeline, seed);
        var notes = new List<string?>();
        for (var round = 1; round <= RandomLanding.Rounds; round++)
        {
            var changed = await landing.NextAsync();

            var report = await pipeline.SucceedAsync();

            notes.Add(report["silver.f"].Note);
            Assert.Equal(changed, report["silver.f"].Note?.Contains("removed rows", StringComparison.Ordinal) == true);
            if (round % 2 == 0)
            {
                var (silver, rejected) = await RowsAsync(pipeline);
                Assert.NotEmpty(silver);
                Assert.NotEmpty(rejected);
                await pipeline.RunAsync(fullRefresh: true, "silver.f");
                Assert.Equal((silver, rejected), await RowsAsync(pipeline));
            }
        }

        Assert.Contains(notes, n => n is null);
        Assert.Contains(notes, n => n is not null);
    }

    [Fact]
    public async Task Clean_NewFile_LeavesFilesWithoutItsKeysAndCountsOnlyItsRows()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Keyed);
        await pipeline.LandAsync("a.csv", "k,v\n1,1\n2,2\n");
        await pipeline.SucceedAsync();
        var first = await FilesAsync(pipeline);
        await pipeline.LandAsync("b.csv", "k,v\n10,1\n11,2\n12,x\n");
        await pipeline.SucceedAsync();
        var before = await FilesAsync(pipeline);
        await pipeline.LandAsync("c.csv", "k,v\n11,3\n13,1\n10,1\nx,1\n13,0\n");

        var report = await pipeline.SucceedAsync();

        var after = await FilesAsync(pipeline);
        Assert.Equal(first, before.Intersect(after));
        Assert.Equal(["1|1", "2|2", "10|1", "11|3", "13|0"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
        Assert.Equal(["3|v-type:v:x", "4|k-type:k:x"], await pipeline.RejectedAsync("f"));
        Assert.Equal((5, 3, 1), (report["silver.f"].RowsIn, report["silver.f"].RowsOut, report["silver.f"].RowsRejected));
        var rows = Assert.IsType<StepState>(StepState.Of(await SnapshotAsync(pipeline, Silver), Silver)).Rows;
        Assert.Equal((1, 2, 1, 0), (rows.Inserted, rows.Updated, rows.Superseded, rows.Duplicate));
    }

    [Fact]
    public async Task Clean_KeyOfManyKinds_FindsTheRowsThatAreThere()
    {
        const string definition = "sources:\n  f: {connector: file, path: $/*.csv, key: [t, d, s, n], columns: {t: {type: timestamp}, d: {type: date}, s: {type: varchar}, n: {type: 'decimal(18,4)'}, v: {type: bigint}}}";
        var pipeline = await TestPipeline.CreateAsync(medallion, definition);
        var text = new string('ä', 40);
        await pipeline.LandAsync("a.csv", $"t,d,s,n,v\n2024-01-01 00:00:00.000999,2024-01-01,{text}1,1.5,1\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("b.csv", $"t,d,s,n,v\n2024-01-01 00:00:00.000999,2024-01-01,{text}1,1.5,2\n2024-01-01 00:00:00.000999,2024-01-01,{text}2,1.5,3\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["2", "3"], await pipeline.QueryAsync("select v from silver.f order by v"));
    }

    [Fact]
    public async Task Clean_BronzePacked_IsUnchangedAndTheNextIncrementIsSmall()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Keyed, ("gold.n", "select count(*) as n from silver.f"));
        await StartAsync(pipeline);
        await OptimizeAsync(pipeline, Bronze);
        await OptimizeAsync(pipeline, Silver);

        var nothing = await pipeline.SucceedAsync();
        await pipeline.LandAsync("c.csv", "k,v\n2,20\n3,3\n");
        var report = await pipeline.SucceedAsync();

        Assert.All(nothing.Steps, s => Assert.Equal(StepStatus.Unchanged, s.Status));
        Assert.Equal(nothing.Plan.Steps.Select(s => s.Table), nothing.Plan.Steps.Where(s => s.Unchanged).Select(s => s.Table));
        Assert.Equal((2, null), (report["silver.f"].RowsIn, report["silver.f"].Note));
        Assert.Equal(["1|1", "2|20", "3|3"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
    }

    [Fact]
    public async Task Clean_NewRowsPackedBeforeTheyWereSeen_AreReadFromTheirOwnFiles()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Keyed);
        await StartAsync(pipeline);
        await pipeline.LandAsync("c.csv", "k,v\n2,20\n3,x\n");
        await pipeline.SucceedAsync("bronze.f");
        await OptimizeAsync(pipeline, Bronze);

        var report = await pipeline.SucceedAsync();

        Assert.Equal((2, null), (report["silver.f"].RowsIn, report["silver.f"].Note));
        var planned = Assert.Single(report.Plan.Steps, s => s.Table == Silver);
        Assert.Equal((false, 2L, "bronze.f has version 3, which it has not read yet"), (planned.Rebuild, planned.Reads?.Rows, planned.Why));
        Assert.Equal(["1|1", "2|20"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
        Assert.Equal(["2|v-type:v:x"], await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Build_InputGotACommitWithoutRows_IsUnchanged()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Keyed, ("gold.n", "select count(*) as n from rejected.f"), ("gold.m", "select count(*) as n from silver.f"));
        await pipeline.LandAsync("a.csv", "k,v\n1,1\n2,x\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("b.csv", "k,v\n3,3\n");

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["bronze.f", "silver.f", "gold.m"], report.Built);
        Assert.Equal(["1"], await pipeline.QueryAsync("select n from gold.n"));
    }

    [Fact]
    public async Task Clean_LogEntryGone_RebuildsAndSaysSo()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Keyed);
        await StartAsync(pipeline);
        for (var n = 0; n < 10; n++)
        {
            await pipeline.LandAsync($"more{n}.csv", $"k,v\n{n + 5},{n}\n");
            await pipeline.SucceedAsync("bronze.f");
        }

        var version = (await SnapshotAsync(pipeline, Silver)).Version + 1;
        await pipeline.Lake.DeleteAsync(LakeTables.Root(pipeline.Name, Bronze).Append($"_delta_log/{version:D20}.json"), Cancelled);

        var report = await pipeline.SucceedAsync();

        var planned = Assert.Single(report.Plan.Steps, s => s.Table == Silver);
        Assert.Equal((true, 12L, $"version {version} of bronze.f, which it has not read yet, is no longer in the log"), (planned.Rebuild, planned.Reads?.Rows, planned.Why));
        Assert.Equal($"Made anew from all of bronze.f: {planned.Why}.", report["silver.f"].Note);
        Assert.Equal(["12"], await pipeline.QueryAsync("select count(*) from silver.f"));
    }

    [Fact]
    public async Task Clean_BronzeCreatedAnew_RebuildsAndSaysSo()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Keyed);
        await StartAsync(pipeline);
        await pipeline.Lake.DeleteDirectoryAsync(LakeTables.Root(pipeline.Name, Bronze), Cancelled);
        await pipeline.RemoveAsync("b.csv");

        var report = await pipeline.SucceedAsync();

        Assert.Equal("Made anew from all of bronze.f: bronze.f was created anew.", report["silver.f"].Note);
        Assert.Equal(["1|1"], await pipeline.QueryAsync("select k, v from silver.f"));
    }

    [Fact]
    public async Task Clean_NewColumnInBronze_RebuildsAndSaysSo()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Keyed);
        await StartAsync(pipeline);
        await pipeline.LandAsync("c.csv", "k,v,more\n3,x,1\n");

        var report = await pipeline.SucceedAsync();

        Assert.Contains("changed its columns", report["silver.f"].Note, StringComparison.Ordinal);
        Assert.Equal(["1|1", "2|2"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
    }

    [Fact]
    public async Task Clean_EndedBetweenItsCommits_HasEveryRowOnceInBothTables()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Keyed);
        await StartAsync(pipeline);
        await pipeline.LandAsync("c.csv", "k,v\n2,20\n3,x\n");
        var silver = (await SnapshotAsync(pipeline, Silver)).Version;
        await pipeline.SucceedAsync();

        // As if the run had been ended after rejected was committed.
        await pipeline.Lake.DeleteAsync(LakeTables.Root(pipeline.Name, Silver).Append($"_delta_log/{silver + 1:D20}.json"), Cancelled);
        await pipeline.LandAsync("d.csv", "k,v\n4,x\n");
        var report = await pipeline.SucceedAsync();

        Assert.Contains("are not of the same run", report["silver.f"].Note, StringComparison.Ordinal);
        Assert.Equal(["1|1", "2|20"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
        Assert.Equal(["2|v-type:v:x", "1|v-type:v:x"], await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Clean_SameWorkAgainAfterANewerRun_IsRefused()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Keyed);
        await StartAsync(pipeline);
        await pipeline.LandAsync("c.csv", "k,v\n2,20\n3,x\n");
        var old = await new RunDriver(pipeline.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), Cancelled);
        await pipeline.LandAsync("d.csv", "k,v\n2,21\n4,x\n");
        await pipeline.SucceedAsync();
        var (silver, rejected) = await RowsAsync(pipeline);

        var straggler = Assert.Single(old.Plan.Steps, s => s.Table == Silver);
        var versions = new Dictionary<TableKey, long> { [Bronze] = (await SnapshotAsync(pipeline, Bronze)).Version - 1 };
        await Assert.ThrowsAnyAsync<Lakehouse.TerminalException>(() => new RunDriver(pipeline.Floor).StepAsync(old.Plan, straggler with { Rebuild = true }, versions, Cancelled));

        Assert.Equal(["1|1", "2|21"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
        Assert.Equal(["2|v-type:v:x", "2|v-type:v:x"], await pipeline.RejectedAsync("f"));
        Assert.Equal((silver, rejected), await RowsAsync(pipeline));
    }

    private static async Task StartAsync(TestPipeline pipeline)
    {
        await pipeline.LandAsync("a.csv", "k,v\n1,1\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("b.csv", "k,v\n2,2\n");
        await pipeline.SucceedAsync();
    }

    private static async Task OptimizeAsync(TestPipeline pipeline, TableKey table)
    {
        using var session = pipeline.Floor.GetRequiredService<Engine>().OpenSession();
        var optimize = new DeltaOptimize(pipeline.Lake, pipeline.Floor.GetRequiredService<FileCache>(), TimeProvider.System);
        Assert.NotNull(await optimize.RunAsync(session, LakeTables.Root(pipeline.Name, table), Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture), Cancelled));
    }

    private static async Task<DeltaSnapshot> SnapshotAsync(TestPipeline pipeline, TableKey table) =>
        Assert.IsType<DeltaSnapshot>(await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, table).ReadAsync((long?)null, Cancelled));

    private static async Task<IReadOnlyList<string>> FilesAsync(TestPipeline pipeline) => [.. (await SnapshotAsync(pipeline, Silver)).Files.Select(f => f.Path)];

    private static async Task<(string Silver, string Rejected)> RowsAsync(TestPipeline pipeline) => (
        string.Join('\n', await pipeline.QueryAsync("select * from silver.f order by all")),
        string.Join('\n', await pipeline.QueryAsync("select * exclude (run_id, rejected_at) from rejected.f order by all")));
}
