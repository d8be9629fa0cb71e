using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Tests.Silver;

/// <summary>A backfill makes what is in its range as a rebuild would, and leaves the rest.</summary>
public sealed class BackfillTests(MedallionFixture medallion)
{
    private const string Daily = "sources:\n  f: {connector: file, path: $/*.csv, key: [k], partition: {by: day, as: [year, month]}, columns: {k: {type: bigint}, day: {type: date}, v: {type: bigint}}}";
    private static readonly TableKey Bronze = new("bronze", "f");
    private static readonly TableKey Silver = new("silver", "f");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, "key: [k], latest_by: day, partition: {by: day, as: [year, month]}", "k", "2023-11", "2024-02", true)]
    [InlineData(2, "key: [s, k], partition: {by: day, as: [year]}", "s, k", "2024", "2024", true)]
    [InlineData(7, "key: [k], partition: {by: day, as: [year, month]}", "k", "2023-12-01", "2024-01", false)]
    [InlineData(4, "partition: {by: day, as: [year, month]}", "_file, _row", "2023-10", "2023-12", true)]
    public async Task Backfill_OtherRules_JudgesExactlyTheKeysOfTheRangeAnew(int seed, string options, string key, string from, string to, bool inParts)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, RandomLanding.Definition(options));
        var landing = new RandomLanding(pipeline, seed);
        for (var round = 1; round <= 3; round++)
        {
            await landing.NextAsync();
            await pipeline.SucceedAsync();
        }

        var range = DateRange.Parse(from, to);
        var columns = key == "_file, _row" ? key : key.Replace("k", "try_cast(k as bigint) as k", StringComparison.Ordinal);
        var inRange = $"try_cast(day as date) between date '{range.From:yyyy-MM-dd}' and date '{range.To:yyyy-MM-dd}'";
        var keys = await pipeline.QueryAsync($"select {columns} from bronze.f where {inRange} and ({(key == "_file, _row" ? "true" : "try_cast(k as bigint) is not null")}) union select {key} from silver.f where {inRange}");
        var judged = await pipeline.QueryAsync($"select _file, _row, {columns} from bronze.f");
        var nameless = await pipeline.QueryAsync($"select _file, _row from bronze.f where {inRange} and try_cast(k as bigint) is null");
        var keysOf = judged.Select(r => r.Split('|', 3)).Where(r => keys.Contains(r[2])).Select(r => $"{r[0]}|{r[1]}").Concat(nameless).ToHashSet();
        var before = await RowsAsync(pipeline, key);
        var files = await FilesAsync(pipeline);
        await pipeline.DefineAsync(RandomLanding.Definition(options).Replace("min: 0", "min: 1", StringComparison.Ordinal));

        var report = await (inParts ? pipeline.On(Small()) : pipeline).BackfillAsync(from, to);

        var after = await RowsAsync(pipeline, key);
        var attempts = (await FilesAsync(pipeline)).Except(files).Select(f => f[f.LastIndexOf('-')..]).Distinct().Count();
        Assert.True(inParts ? attempts > 1 : attempts == 1, $"{attempts} attempts wrote files");
        var again = await pipeline.SucceedAsync();
        Assert.All(again.Steps, s => Assert.Equal(StepStatus.Unchanged, s.Status));
        await pipeline.RunAsync(fullRefresh: true, "silver.f");
        var rebuilt = await RowsAsync(pipeline, key);
        Assert.Equal(Mix(before.Silver, rebuilt.Silver, keys.ToHashSet()), after.Silver);
        Assert.Equal(Mix(before.Rejected, rebuilt.Rejected, keysOf), after.Rejected);
        Assert.NotEqual(before.Silver, after.Silver);
        Assert.NotEqual(rebuilt.Silver, after.Silver);
        Assert.Contains($"{(key == "_file, _row" ? keys.Count : keysOf.Count)} of {judged.Count} rows", report["silver.f"].Note, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, "key: [k], latest_by: day, partition: {by: day, as: [year, month]}")]
    [InlineData(6, "partition: {by: day, as: [year]}")]
    public async Task Backfill_SameRules_BringsBackWhatIsGoneAndChangesNoOtherRow(int seed, string options)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, RandomLanding.Definition(options), ("gold.n", "select count(*) as n from silver.f"));
        var landing = new RandomLanding(pipeline, seed);
        await landing.NextAsync();
        await landing.NextAsync();
        await pipeline.SucceedAsync();
        var before = await RowsAsync(pipeline, "_file, _row");
        var count = await pipeline.ScalarAsync("select n from gold.n");

        await pipeline.BackfillAsync("2023", "2024");
        var unharmed = await RowsAsync(pipeline, "_file, _row");
        await LoseAsync(pipeline, "2023");
        var less = await RowsAsync(pipeline, "_file, _row");
        var report = await pipeline.BackfillAsync("2023", "2023");

        Assert.NotEqual(before.Silver.Count, less.Silver.Count);
        foreach (var (silver, rejected) in new[] { unharmed, await RowsAsync(pipeline, "_file, _row") })
        {
            Assert.Equal(before.Silver, silver);
            Assert.Equal(before.Rejected, rejected);
        }

        Assert.Equal(["silver.f", "gold.n"], report.Built);
        Assert.Equal(count, await pipeline.ScalarAsync("select n from gold.n"));
    }

    [Fact]
    public async Task Backfill_RowsThatSilverHasNotSeen_AreLeftToTheNextRun()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Daily);
        await pipeline.LandAsync("a.csv", "k,day,v\n1,2024-01-01,1\n2,2024-02-01,2\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("b.csv", "k,day,v\n1,2024-01-02,10\n3,2024-01-03,x\n");
        await pipeline.SucceedAsync("bronze.f");

        await pipeline.BackfillAsync("2024-01", "2024-01");
        var old = await pipeline.QueryAsync("select k, v from silver.f order by k");
        var report = await pipeline.SucceedAsync();

        Assert.Equal(["1|1", "2|2"], old);
        Assert.Equal((2, null), (report["silver.f"].RowsIn, report["silver.f"].Note));
        Assert.Equal(["1|10", "2|2"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
        Assert.Equal(["2|v-type:v:x"], await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Backfill_BronzePackedAndItsFilesVacuumed_ReadsThePackedOnes()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Daily);
        foreach (var month in new[] { 1, 2, 3 })
        {
            await pipeline.LandAsync($"{month}.csv", $"k,day,v\n{month},2024-0{month}-01,{month}\n");
            await pipeline.SucceedAsync();
        }

        var table = pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, Bronze);
        var before = Assert.IsType<DeltaSnapshot>(await table.ReadAsync((long?)null, Cancelled));
        using (var session = pipeline.Floor.GetRequiredService<Engine>().OpenSession())
        {
            await new DeltaOptimize(pipeline.Lake, pipeline.Floor.GetRequiredService<FileCache>(), TimeProvider.System).RunAsync(session, table.Root, "packed", Cancelled);
        }

        foreach (var file in before.Files)
        {
            await pipeline.Lake.DeleteAsync(table.Root.Append(file.Path), Cancelled);
        }

        // What was brought before would hide that the files are gone.
        await pipeline.On(Small()).BackfillAsync("2024-02", "2024-02");

        Assert.Equal(["1|1", "2|2", "3|3"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
        Assert.All((await pipeline.SucceedAsync()).Steps, s => Assert.Equal(StepStatus.Unchanged, s.Status));
    }

    [Fact]
    public async Task Backfill_PartOfATable_LeavesTheFilesOfOtherPartitions()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Daily);
        await pipeline.LandAsync("a.csv", "k,day,v\n1,2024-01-01,1\n2,2024-02-01,2\n3,2024-03-01,3\n");
        await pipeline.SucceedAsync();
        var before = await FilesAsync(pipeline);
        await pipeline.DefineAsync(Daily.Replace("v: {type: bigint}", "v: {type: bigint, max: 1}", StringComparison.Ordinal));

        var report = await pipeline.BackfillAsync("2024-02-01", "2024-02-29");

        var after = await FilesAsync(pipeline);
        Assert.Equal(["1", "3"], before.Intersect(after).Select(f => f.Split("month=")[1][..1]).Order());
        Assert.Equal(["1|1", "3|3"], await pipeline.QueryAsync("select k, v from silver.f order by k"));
        Assert.Equal(["2|v-range:v:2"], await pipeline.RejectedAsync("f"));
        var rows = Assert.IsType<StepState>(StepState.Of(await SnapshotAsync(pipeline), Silver)).Rows;
        Assert.Equal((3, 0, 1, 2), (rows.In, rows.Out, rows.Rejected, rows.Untouched));
        Assert.Equal(["silver.f"], report.Plan.Steps.Select(s => s.Table.ToString()));
    }

    [Fact]
    public async Task Plan_Backfill_SaysWhatWouldBeMadeAnew()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Daily, ("gold.n", "select count(*) as n from silver.f"), ("gold.m", "select count(*) as n from bronze.f"));
        await pipeline.LandAsync("a.csv", "k,day,v\n1,2024-01-01,1\n2,2024-02-01,2\n3,2024-03-01,3\n");
        await pipeline.SucceedAsync();

        var preview = await pipeline.Floor.GetRequiredService<PipelineSteps>().PreviewAsync(RunRequest.For(pipeline.Name) with { Backfill = DateRange.Parse("2024-02", "2024-03") }, Cancelled);

        Assert.Equal(
            [("silver.f", StepAction.Backfill, "a backfill of 2024-02-01 to 2024-03-31 was asked for: 2 of 3 files lie in it"), ("gold.n", StepAction.Depends, "silver.f may change in this run")],
            preview.Steps.Select(s => (s.Name.ToString(), s.Action, s.Why)));
    }

    [Theory]
    [InlineData("2024-01-02", "2024-01-31", "", "silver.f is partitioned by [year, month], and a backfill is for whole partitions: 2024-01-02 to 2024-01-31 cuts some. Ask for 2024-01-01 to 2024-01-31.")]
    [InlineData("2024-01", "2024-01-30", "", "Ask for 2024-01-01 to 2024-01-31.")]
    [InlineData("2024-01", "2024-01", "bronze.f", "bronze.f has no partitions that could be made anew: a backfill is for tables of silver and what follows from them. Select silver.f.")]
    [InlineData("2024-01", "2024-01", "silver.g", "silver.g has no partitions by year, [year, month] or [year, month, day]")]
    [InlineData("2024-01", "2024-01", "gold.n", "none of the selected steps makes such a table")]
    [InlineData("2024-01", "2024-01", "", "silver.f is not built yet: there is nothing to backfill. Run the pipeline.")]
    public async Task Backfill_ThatCannotBe_IsRefusedWithTheReason(string from, string to, string select, string message)
    {
        var definition = Daily + "\n  g: {connector: file, path: $/*.csv, columns: {k: {type: bigint}}}";
        var pipeline = await TestPipeline.CreateAsync(medallion, definition, ("gold.n", "select count(*) as n from silver.f"));
        IReadOnlyList<TableKey> tables = select.Length == 0 ? [] : [TableKey.Parse(select)];

        var error = await Assert.ThrowsAsync<TerminalException>(() => pipeline.Floor.GetRequiredService<PipelineSteps>()
            .PreviewAsync(RunRequest.For(pipeline.Name) with { Select = tables, Backfill = DateRange.Parse(from, to) }, Cancelled));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backfill_TableThatLooksUpInIt_IsLeftAlone()
    {
        var pipeline = await TestPipeline.CreateAsync(
            medallion,
            "sources:\n  a: {connector: file, path: $/a.csv, columns: {id: {type: bigint, references: b.id}}}\n  b: {connector: file, path: $/b.csv, partition: {by: day, as: [year]}, columns: {id: {type: bigint}, day: {type: date}}}\n");
        await pipeline.LandAsync("a.csv", "id\n1\n");
        await pipeline.LandAsync("b.csv", "id,day\n1,2024-01-01\n");
        await pipeline.SucceedAsync();

        var report = await pipeline.BackfillAsync("2024", "2024");

        Assert.Equal(["silver.b"], report.Plan.Steps.Select(s => s.Table.ToString()));
    }

    [Fact]
    public async Task Backfill_OtherColumnsOrBronzeGone_IsRefused()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Daily);
        await pipeline.LandAsync("a.csv", "k,day,v\n1,2024-01-01,1\n");
        await pipeline.SucceedAsync();
        await pipeline.DefineAsync(Daily.Replace("v: {type: bigint}", "v: {type: double}", StringComparison.Ordinal));

        var columns = await Assert.ThrowsAsync<TerminalException>(() => pipeline.BackfillAsync("2024-01", "2024-01"));
        await pipeline.DefineAsync(Daily);
        await pipeline.Lake.DeleteDirectoryAsync(LakeTables.Root(pipeline.Name, Bronze), Cancelled);
        await pipeline.SucceedAsync("bronze.f");
        var gone = await Assert.ThrowsAsync<TerminalException>(() => pipeline.BackfillAsync("2024-01", "2024-01"));

        Assert.Equal("silver.f cannot be backfilled in part: its columns are to be other ones. Run the pipeline, which makes it anew as a whole.", columns.Message);
        Assert.Equal("silver.f was made of version 0 of bronze.f, which can no longer be read. Run the pipeline first, so that it has read the newest version, then backfill.", gone.Message);
    }

    [Theory]
    [InlineData("1997", "1997", "1997-01-01 to 1997-12-31")]
    [InlineData("1997-02", "1997-03-05", "1997-02-01 to 1997-03-05")]
    [InlineData("0001", "9998", "0001-01-01 to 9998-12-31")]
    public void Parse_EndsOfAnyLength_GoFromFirstToLastDay(string from, string to, string expected) => Assert.Equal(expected, DateRange.Parse(from, to).ToString());

    [Theory]
    [InlineData("1998", "1997", "The range from 1998 to 1997 ends before it begins.")]
    [InlineData("1997-13", "1997", "'from' is '1997-13': expected a day, a month or a year, such as 2013-01-31, 2013-01 or 2013.")]
    [InlineData("1997", null, "'to' is ''")]
    [InlineData("1997", "9999", "'to' is '9999'")]
    public void Parse_NoRange_IsRefused(string from, string? to, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => DateRange.Parse(from, to)).Message, StringComparison.Ordinal);

    private IServiceProvider Small() => medallion.Compose(
        TimeProvider.System, services => services.AddSingleton(new CleanLimits { SingleBytes = 1, PartBytes = 3000, BucketBytes = 3000 }));

    // Of every key the row that it has, before or anew.
    private static List<string> Mix(IReadOnlyList<string> before, IReadOnlyList<string> rebuilt, HashSet<string> anew) =>
        [.. before.Where(r => !anew.Contains(r.Split('~')[0])).Concat(rebuilt.Where(r => anew.Contains(r.Split('~')[0]))).Order(StringComparer.Ordinal)];

    private static async Task LoseAsync(TestPipeline pipeline, string year)
    {
        var silver = await SnapshotAsync(pipeline);
        await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, Silver).CommitAsync(
            new DeltaCommit
            {
                Operation = "DELETE",
                Mode = CommitMode.Replace,
                Schema = silver.Schema,
                PartitionColumns = silver.PartitionColumns,
                Remove = [.. silver.Files.Where(f => f.PartitionValues["year"] == year).Select(f => f.Path)],
            },
            Cancelled);
    }

    private static async Task<DeltaSnapshot> SnapshotAsync(TestPipeline pipeline) =>
        Assert.IsType<DeltaSnapshot>(await pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, Silver).ReadAsync((long?)null, Cancelled));

    private static async Task<IReadOnlyList<string>> FilesAsync(TestPipeline pipeline) => [.. (await SnapshotAsync(pipeline)).Files.Select(f => f.Path)];

    private static async Task<(IReadOnlyList<string> Silver, IReadOnlyList<string> Rejected)> RowsAsync(TestPipeline pipeline, string key) => (
        await SortedAsync(pipeline, $"select concat_ws('|', {key}) || '~', * from silver.f"),
        await SortedAsync(pipeline, "select concat_ws('|', file, row) || '~', * exclude (run_id, rejected_at) from rejected.f"));

    private static async Task<IReadOnlyList<string>> SortedAsync(TestPipeline pipeline, string sql) => [.. (await pipeline.QueryAsync(sql)).Order(StringComparer.Ordinal)];
}
