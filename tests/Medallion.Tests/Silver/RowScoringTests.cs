using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;
using Pipeline.Medallion.Tests.Learning;

namespace Pipeline.Medallion.Tests.Silver;

/// <summary>Models score rows as they become silver, however they do. The model is at 0 and at 100, and a row further than 4.5 from both is an anomaly.</summary>
public sealed class RowScoringTests(MedallionFixture medallion)
{
    private const string Columns = "id: {type: bigint, required: true}, day: {type: date}, amount: {type: double, max: 1e300}, gone: {type: boolean}";
    private const string Scores = "select id, load_cluster, load_distance, load_anomaly_score, load_anomaly from silver.f order by id";
    private const string Clusters = "\nclusters: {load: {from: silver.f, key: [id], features: {amount: }, retrain: never}}";
    private static readonly string[] Made = ["bronze.f", "silver.f"];
    private static readonly TableKey Silver = new("silver", "f");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Clean_ScoreIsAdded_MakesSilverAnewWithItsColumns()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition("key: [id]", score: ""));
        await pipeline.LandAsync("a.csv", "id,amount\n1,1\n2,102\n");
        await pipeline.SucceedAsync(Made);

        await pipeline.DefineAsync(Definition("key: [id]"));
        var added = await pipeline.SucceedAsync(Made);
        Assert.Equal("Made anew from all of bronze.f: its definition changed.", added["silver.f"].Note);
        Assert.Equal(["1|null|null|null|null", "2|null|null|null|null"], await pipeline.QueryAsync(Scores));
        Assert.Equal(
            ["load_cluster|BIGINT", "load_distance|DOUBLE", "load_anomaly_score|DOUBLE", "load_anomaly|BOOLEAN"],
            (await pipeline.AnswerAsync("select * from silver.f limit 0")).Columns.TakeLast(4).Select(c => $"{c.Name}|{c.Type}"));
        Assert.Empty(await EventsAsync(pipeline));

        // What silver has is not scored again.
        await TestModel.RegisterAsync(pipeline.Floor, pipeline.Name, "load");
        var later = pipeline.On(medallion.Compose(TimeProvider.System));
        await later.LandAsync("b.csv", "id,amount\n3,-2\n4,110\n");
        await later.SucceedAsync(Made);
        Assert.Equal(["1|null|null|null|null", "2|null|null|null|null", "3|0|2|1|false", "4|1|10|9|true"], await pipeline.QueryAsync(Scores));
        Assert.Equal("silver.f: 1 of 2 new rows are anomalies, says model load version 1.", Assert.Single(await EventsAsync(pipeline)).Message);

        await later.RunAsync(fullRefresh: true, Silver.ToString());
        Assert.Equal(["1|0|1|0|false", "2|1|2|1|false", "3|0|2|1|false", "4|1|10|9|true"], await pipeline.QueryAsync(Scores));
        Assert.Equal([2L, 4], (await EventsAsync(pipeline)).Select(e => e.Data["rows"].GetInt64()));
    }

    [Fact]
    public async Task Clean_RowThatTheModelCannotLookAt_HasNoScores()
    {
        var pipeline = await ScoredAsync("", columns: "id: {type: bigint}, amount: {type: double}", log: true);
        await pipeline.LandAsync("a.csv", "id,amount\n1,1\n2,\n3,NaN\n4,inf\n5,-inf\n6,1e300\n7,-1\n8,-1e300\n");

        var report = await pipeline.SucceedAsync(Made);

        Assert.Equal(8, report["silver.f"].RowsOut);
        Assert.Equal(["1|0|0.6931", "6|1|590.7755"], await pipeline.QueryAsync("select id, load_cluster, round(load_distance, 4) from silver.f where load_cluster is not null order by id"));
        Assert.Equal("6", await pipeline.ScalarAsync("select count(*) from silver.f where load_cluster is null and load_distance is null and load_anomaly_score is null and load_anomaly is null"));

        // Without the logarithm it is too large for 32 bits.
        await TestModel.RegisterAsync(pipeline.Floor, pipeline.Name, "load");
        await pipeline.On(medallion.Compose(TimeProvider.System)).RunAsync(fullRefresh: true, Silver.ToString());
        Assert.Equal(["1|0|1", "7|0|1"], await pipeline.QueryAsync("select id, load_cluster, load_distance from silver.f where load_cluster is not null order by id"));
    }

    [Fact]
    public async Task Clean_RowsInChunks_HaveEachItsOwnScores()
    {
        var pipeline = (await ScoredAsync("")).On(medallion.Compose(
            TimeProvider.System, services => services.AddSingleton(s => new RowScoring(s.GetRequiredService<NewestModels>(), NullLogger.Instance) { ChunkRows = 7 })));
        await pipeline.LandAsync("a.csv", $"id,amount\n{string.Concat(Enumerable.Range(0, 101).Select(id => $"{id},{id}\n"))}");

        await pipeline.SucceedAsync(Made);

        Assert.Equal(
            "101|91",
            await pipeline.ScalarAsync(
                """
                select count(*) filter (load_cluster = (amount > 50)::bigint and load_distance = least(amount, 100 - amount) and load_anomaly_score = load_distance - 1 and load_anomaly = (load_distance > 4.5)),
                    count(*) filter (load_anomaly) from silver.f
                """));
    }

    [Fact]
    public async Task Clean_ModelOfColumnsThatAreNoLonger_ScoresNothing()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition(""));
        await TestModel.RegisterAsync(pipeline.Floor, pipeline.Name, "load", column: "weight");
        await pipeline.LandAsync("a.csv", "id,amount\n1,1\n");

        await pipeline.SucceedAsync(Made);

        Assert.Equal(["1|null|null|null|null"], await pipeline.QueryAsync(Scores));
    }

    // A field that has the name of a score becomes a column of another name.
    [Theory]
    [InlineData("")]
    [InlineData("evolution: evolve, columns: {id: {type: bigint}, amount: {type: double}}, ")]
    public async Task Clean_DetectedColumns_AreScoredAndKeepTheirValues(string contract)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"sources: {{f: {{connector: file, path: $/*.csv, {contract}score: [load]}}}}{Clusters}");
        await TestModel.RegisterAsync(pipeline.Floor, pipeline.Name, "load");
        await pipeline.LandAsync("a.csv", "id,amount,load_cluster\n1,98.5,red\n");

        await pipeline.SucceedAsync(Made);

        Assert.Equal(["1|1|1.5|0.5|false"], await pipeline.QueryAsync(Scores));
        Assert.Equal(["red"], await pipeline.QueryAsync($"select {(contract.Length == 0 ? "load_cluster_2" : "load_cluster_raw")} from silver.f"));
    }

    [Theory]
    [InlineData("key: [id], latest_by: day, deleted: gone")]
    [InlineData("partition: {by: day, as: [year]}")]
    public async Task Clean_InParts_ScoresAndCountsAsOneActivityDoes(string options)
    {
        var whole = await ScoredAsync(options);
        var cut = (await ScoredAsync(options)).On(medallion.Compose(
            TimeProvider.System, services => services.AddSingleton(new CleanLimits { SingleBytes = 1, PartBytes = 3000, BucketBytes = 3000 })));
        string[] files = ["1,2024-01-01,1,\n2,2024-01-01,50,\n3,2024-01-02,90,\n3,2024-01-03,91,\n4,2024-01-01,,\n", "2,2024-02-01,60,\n5,2024-01-01,-9,\n1,2023-01-01,70,\n3,2024-02-01,80,true\n6,2024-01-01,80,true\n"];
        var tables = new List<IReadOnlyList<string>>();
        foreach (var pipeline in new[] { whole, cut })
        {
            foreach (var (rows, i) in files.Select((r, i) => (r, i)))
            {
                await pipeline.LandAsync($"{i}.csv", $"id,day,amount,gone\n{rows}");
                var report = await new RunDriver(pipeline.Floor) { Attempts = pipeline == cut ? 2 : 1 }.RunAsync(await pipeline.RequestAsync(select: Made), Cancelled);
                Assert.True(report.Run.Status == RunStatus.Succeeded, report.Run.Error);
            }

            tables.Add([.. await pipeline.QueryAsync("select * exclude (_ingested_at, _file) from silver.f order by all"), .. (await EventsAsync(pipeline)).Select(e => e.Message)]);
        }

        Assert.Equal(tables[0], tables[1]);
        Assert.Equal(
            options.StartsWith("key", StringComparison.Ordinal)
                ? ["silver.f: 2 of 3 new rows are anomalies, says model load version 1.", "silver.f: 2 of 2 new rows are anomalies, says model load version 1."]
                : ["silver.f: 3 of 4 new rows are anomalies, says model load version 1.", "silver.f: 5 of 5 new rows are anomalies, says model load version 1."],
            tables[0].TakeLast(2));
    }

    [Fact]
    public async Task BackfillAndReplay_RowsOfThem_AreScoredByTheNewestModel()
    {
        var pipeline = await ScoredAsync("key: [id], partition: {by: day, as: [year]}", columns: "id: {type: bigint}, day: {type: date}, amount: {type: double, max: 1000}");
        await pipeline.LandAsync("a.csv", "id,day,amount\n1,2023-01-01,1\n2,2024-01-01,102\n3,2024-01-01,2003\n");
        await pipeline.SucceedAsync(Made);
        await TestModel.RegisterAsync(pipeline.Floor, pipeline.Name, "load", factor: 2);
        var later = pipeline.On(medallion.Compose(TimeProvider.System));

        await later.BackfillAsync("2024-01-01", "2024-12-31", Silver.ToString());
        Assert.Equal(["1|0|1|0|false", "2|1|98|97|true"], await pipeline.QueryAsync(Scores));

        var replay = new ReplayRequest { Table = Silver, Fix = new Dictionary<string, string> { ["amount"] = "'203'" } };
        var report = await new RunDriver(later.Floor) { Attempts = 2 }.RunAsync(await later.RequestAsync() with { Replay = replay, Select = [Silver] }, Cancelled);
        Assert.True(report.Run.Status == RunStatus.Succeeded, report.Run.Error);
        Assert.Equal(["1|0|1|0|false", "2|1|98|97|true", "3|1|3|2|false"], await pipeline.QueryAsync(Scores));
        Assert.Equal([(1L, 1L, 2L)], (await EventsAsync(pipeline)).Select(e => (e.Data["rows"].GetInt64(), e.Data["anomalies"].GetInt64(), e.Data["version"].GetInt64())));
    }

    private async Task<TestPipeline> ScoredAsync(string options, string columns = Columns, bool log = false)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition(options, columns: columns));
        await TestModel.RegisterAsync(pipeline.Floor, pipeline.Name, "load", log: log);
        return pipeline;
    }

    private static string Definition(string options, string score = "score: [load], ", string columns = Columns) =>
        $"sources: {{f: {{connector: file, path: $/*.csv, {score}columns: {{{columns}}}{(options.Length > 0 ? $", {options}" : "")}}}}}{Clusters}";

    private static async Task<IReadOnlyList<PipelineEvent>> EventsAsync(TestPipeline pipeline) =>
        (await pipeline.Floor.GetRequiredService<EventLog>().ReadAsync(new EventFilter { Type = "anomaly.found", Source = $"{pipeline.Name}/silver.f" }, 0, 100, Cancelled)).Events;
}
