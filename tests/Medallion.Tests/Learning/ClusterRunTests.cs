using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Learning;

/// <summary>Clusters of a table as steps of a run: trained, applied, told, scored.</summary>
public sealed partial class ClusterRunTests(MedallionFixture medallion)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_Clusters_PutEachRowIntoOneAndTellTheCentroids()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition("k: auto, seed: 7"));
        await pipeline.LandAsync("a.csv", Rows(0, (0, 0), (100, 1000), (500, 20)));
        var report = await pipeline.SucceedAsync();

        Assert.Equal((61, 61), (report["gold.who_clusters"].RowsIn, report["gold.who_clusters"].RowsOut));
        Assert.Equal(["3"], await pipeline.QueryAsync("select count(distinct cluster) from gold.who_clusters"));
        Assert.Equal(["20", "20", "20"], await pipeline.QueryAsync("select count(*) from gold.who_clusters join silver.f using (id) where id < 60 group by cluster, id // 20"));
        Assert.Equal(["60"], await pipeline.QueryAsync("select id from gold.who_clusters where anomaly"));
        Assert.Equal(["cluster|size|x|y|colour_blue|colour_red"], [string.Join('|', (await pipeline.AnswerAsync("select * from gold.who_centroids limit 1")).Columns.Select(c => c.Name))]);
        var centroids = await pipeline.QueryAsync("select round(c.x), round(c.y), size from gold.who_centroids c order by c.x");
        var means = await pipeline.QueryAsync("select round(avg(x)), round(avg(y)), count(*) from gold.who_clusters join silver.f using (id) group by cluster order by 1");
        Assert.Equal(means, centroids);
        Assert.All((await pipeline.SucceedAsync()).Steps, s => Assert.Equal(StepStatus.Unchanged, s.Status));
    }

    [Fact]
    public async Task Run_SameRowsAndSeed_GiveTheSameModel()
    {
        var models = new List<string>();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var pipeline = await TestPipeline.CreateAsync(medallion, Definition("k: 3, seed: 42"));
            await pipeline.LandAsync("a.csv", Rows(1, (0, 0), (10, 10), (20, 0)));
            await pipeline.SucceedAsync();
            models.Add(Json.Write((await ModelAsync(pipeline)).Clusters));
            models.Add(string.Join('\n', await pipeline.QueryAsync("select * from gold.who_clusters order by id")));
        }

        Assert.Equal(models.Take(2), models.Skip(2));
    }

    [Theory]
    [InlineData("retrain: always", 2)]
    [InlineData("retrain: 7d", 1)]
    [InlineData("retrain: never", 1)]
    public async Task Run_NewRows_AreClusteredByTheRule(string rule, long version)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition($"k: 2, {rule}"));
        await pipeline.LandAsync("a.csv", Rows(2, (0, 0), (100, 1000)));
        await pipeline.SucceedAsync();
        var first = await ModelAsync(pipeline);
        await pipeline.LandAsync("b.csv", "id,x,y,colour\n900,1,1,red\n901,99,1001,green\n");

        await pipeline.SucceedAsync();

        Assert.Equal((1, version), (first.Version, (await ModelAsync(pipeline)).Version));
        Assert.Equal(["2"], await pipeline.QueryAsync("select count(distinct cluster) from gold.who_clusters where id >= 900"));
        Assert.Equal(["43"], await pipeline.QueryAsync("select count(*) from gold.who_clusters"));
        var rebuilt = await pipeline.RunAsync(fullRefresh: true, "gold.who_clusters", "gold.who_centroids");
        Assert.Equal((RunStatus.Succeeded, version + 1), (rebuilt.Run.Status, (await ModelAsync(pipeline)).Version));
        Assert.Equal(Json.Write(first), Json.Write(await RegistryOf(pipeline).FindAsync(pipeline.Name, "who", 1, Cancelled)));
    }

    // An activity runs at least once: whatever it had done before it died is found.
    [Fact]
    public async Task Run_EveryActivityTwice_TrainsOnce()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition("k: 2"));
        await pipeline.LandAsync("a.csv", Rows(3, (0, 0), (100, 1000)));

        var report = await new RunDriver(pipeline.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), Cancelled);

        Assert.True(report.Run.Status == RunStatus.Succeeded, report.Run.Error);
        Assert.Equal([1L], await RegistryOf(pipeline).VersionsAsync(pipeline.Name, "who", Cancelled));
        Assert.Equal(["41|41"], await pipeline.QueryAsync("select count(*), count(distinct id) from gold.who_clusters"));
    }

    [Fact]
    public async Task Score_Rows_AreWhereTheirTableIs()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition("k: 2"));
        await pipeline.LandAsync("a.csv", Rows(4, (0, 0), (100, 1000)));
        await pipeline.SucceedAsync();
        var stored = await pipeline.AnswerAsync("select x, y, colour, cluster, distance, anomaly_score, anomaly from gold.who_clusters join silver.f using (id) order by id");
        var rows = stored.Rows.Select(r => new JsonObject { ["x"] = r[0]?.DeepClone(), ["y"] = r[1]?.DeepClone(), ["colour"] = r[2]?.DeepClone() }).ToList();
        var scoring = pipeline.Floor.GetRequiredService<ModelScoring>();

        var scores = await scoring.ScoreAsync(pipeline.Name, "who", null, rows, Cancelled);

        Assert.Equal(("who", 1), (scores.Model, scores.Version));
        Assert.Equal(stored.Rows.Select(r => $"{r[3]} {r[6]}"), scores.Scores.Select(s => $"{s.Cluster} {(s.Anomaly == true ? "true" : "false")}"));

        // The table is around the mean of the rows, in 32 bits, and a score around that of the model.
        Assert.All(stored.Rows.Zip(scores.Scores), p =>
        {
            Assert.Equal(p.First[4]!.GetValue<double>(), p.Second.Distance ?? double.NaN, 1e-5);
            Assert.Equal(p.First[5]!.GetValue<double>(), p.Second.AnomalyScore ?? double.NaN, 1e-3);
        });
        Assert.Contains("Row 0 has 'z', which the model does not look at: it looks at x, y, colour", (await Assert.ThrowsAsync<QueryException>(() => ScoreAsync(new JsonObject { ["z"] = 1 }))).Message, StringComparison.Ordinal);
        Assert.Contains("'y' has 1 of 1 rows without a finite number", (await Assert.ThrowsAsync<QueryException>(() => ScoreAsync(new JsonObject { ["x"] = 1 }))).Message, StringComparison.Ordinal);
        Assert.Contains("The rows cannot be read as x (DOUBLE)", (await Assert.ThrowsAsync<QueryException>(() => ScoreAsync(new JsonObject { ["x"] = "one", ["y"] = 2 }))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<QueryException>(() => ScoreAsync());
        await Assert.ThrowsAsync<UnknownModelException>(() => scoring.ScoreAsync(pipeline.Name, "who", 9, rows, Cancelled));
        await Assert.ThrowsAsync<UnknownModelException>(() => scoring.ScoreAsync(pipeline.Name, "nobody", null, rows, Cancelled));

        Task<RowScores> ScoreAsync(params JsonObject[] given) => scoring.ScoreAsync(pipeline.Name, "who", null, given, Cancelled);
    }

    [Theory]
    [InlineData("k: 5", "id,x,y,colour\n1,1,1,red\n2,1,1,red\n", "k")]
    [InlineData("k: 2", "id,x,y,colour\n", "rows")]
    [InlineData("k: 2", "id,x,y,colour\n1,1,,red\n2,2,2,red\n", "'y' has 1 of 2 rows without a finite number: say with 'impute'")]
    public async Task Run_NothingToLearn_FailsItsStepWithTheReason(string options, string csv, string message)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition(options));
        await pipeline.LandAsync("a.csv", csv);

        var report = await pipeline.RunAsync();

        Assert.Equal((StepStatus.Failed, StepStatus.Skipped, StepStatus.Succeeded), (report["gold.who_clusters"].Status, report["gold.who_centroids"].Status, report["silver.f"].Status));
        Assert.Contains(message, report["gold.who_clusters"].Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("from: silver.g, key: [id], features: {x: }", "clusters 'who' are of the unknown table 'silver.g': expected one of silver.f")]
    [InlineData("from: silver.f, key: [id], features: {z: }", "features: silver.f has no column 'z'")]
    [InlineData("from: silver.f, key: [no], features: {x: }", "key: silver.f has no column 'no'")]
    [InlineData("from: silver.f, features: {x: }", "clusters 'who' has no 'key'")]
    [InlineData("from: silver.f, key: [id]", "clusters 'who' has no 'features'")]
    [InlineData("from: silver.f, key: [id], features: {x: {scal: standard}}", "feature 'x' of clusters 'who'")]
    [InlineData("from: silver.f, key: [id], features: {colour: }", "'colour' is text: say with 'encode' how it becomes numbers")]
    [InlineData("from: silver.f, key: [id], features: {x: }, k: many", "'k' of clusters 'who' is 'many': expected auto, or a whole number from 1 to 65534")]
    [InlineData("from: silver.f, key: [id], features: {x: }, retrain: weekly", "'retrain' of clusters 'who' is 'weekly': expected always, never, or how many days")]
    [InlineData("from: silver.f, key: [id], features: {x: }, trainer: sklearn", "'trainer' of clusters 'who' is 'sklearn': expected builtin or mlnet")]
    public async Task Define_ClustersThatCannotBe_AreRefused(string clusters, string message)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources}\nclusters: {{who: {{{clusters}}}}}");

        Assert.Contains(message, (await pipeline.RefusedAsync()).Message, StringComparison.Ordinal);
    }

    // A model reaches rows through the mart only.
    [Fact]
    public void Clustering_Sources_NameNeitherTablesNorLake()
    {
        var root = typeof(ClusterRunTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(a => a.Key == "RepoRoot").Value ?? "";
        var folder = Path.Combine(root, "functions", "Medallion");
        var files = Directory.GetFiles(Path.Combine(folder, "Clustering")).Concat(Directory.GetFiles(Path.Combine(folder, "Prediction"))).ToList();

        Assert.True(files.Count > 10);
        Assert.All(files, file => Assert.DoesNotMatch(Forbidden(), System.IO.File.ReadAllText(file)));
    }

    private const string Sources = "sources: {f: {connector: file, path: $/*.csv, key: [id], columns: {id: {type: bigint}, x: {type: double}, y: {type: double}, colour: {type: varchar}}}}";

    private static string Definition(string options) =>
        $"{Sources}\nclusters: {{who: {{from: silver.f, key: [id], features: {{x: {{scale: standard}}, y: {{scale: standard}}, colour: {{encode: oneHot}}}}, {options}}}}}";

    // Twenty rows around each place, and one that is far from all.
    private static string Rows(int seed, params (double X, double Y)[] places)
    {
        var random = new Random(seed);
        var csv = new StringBuilder("id,x,y,colour\n");
        var id = 0;
        foreach (var (x, y) in places)
        {
            for (var i = 0; i < 20; i++)
            {
                csv.Append(CultureInfo.InvariantCulture, $"{id},{x + random.NextDouble()},{y + random.NextDouble()},{(id / 20 % 2 == 0 ? "red" : "blue")}\n");
                id++;
            }
        }

        csv.Append(CultureInfo.InvariantCulture, $"{id},{places[0].X - 60},{places[0].Y},red\n");
        return csv.ToString();
    }

    private static ModelRegistry RegistryOf(TestPipeline pipeline) => pipeline.Floor.GetRequiredService<ModelRegistry>();

    private static async Task<TrainedModel> ModelAsync(TestPipeline pipeline) =>
        Assert.IsType<TrainedModel>(await RegistryOf(pipeline).FindAsync(pipeline.Name, "who", null, Cancelled));

    [GeneratedRegex(@"Lakehouse\.(Delta|Storage)|LakeTables|TableReader|\bILake\b|Pipeline\.Medallion\.Sources|TableCatalog")]
    private static partial Regex Forbidden();
}
