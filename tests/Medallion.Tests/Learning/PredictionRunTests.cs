using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Learning;

/// <summary>A column that is predicted by steps of a run.</summary>
public sealed class PredictionRunTests(MedallionFixture medallion)
{
    private const string Features = "{weight: {impute: median}, country: {encode: oneHot}, day: {parts: [month]}}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_Prediction_FindsTheWeightsAndPredictsWhatIsNotKnownYet()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition($"features: {Features}"));
        await pipeline.LandAsync("a.csv", Orders(200, unknown: 5));
        var report = await pipeline.SucceedAsync();

        Assert.Equal((200, 200), (report["gold.cost_predictions"].RowsIn, report["gold.cost_predictions"].RowsOut));
        Assert.Equal(["new|5|0", "test|30|30", "training|136|136", "validation|29|29"], await pipeline.QueryAsync("select part, count(*), count(actual) from gold.cost_predictions group by part order by part"));
        Assert.Equal(["0"], await pipeline.QueryAsync("select count(*) from gold.cost_predictions p join silver.f using (id) where abs(predicted - (10 + 3 * weight + if(country = 'no', 40, 0))) > 0.5"));
        Assert.Equal(["0"], await pipeline.QueryAsync("select count(*) from gold.cost_predictions where abs(residual - (actual - predicted)) > 1e-9"));
        Assert.Equal(
            ["(intercept)", "weight", "country=no", "country=se", "day_month"],
            await pipeline.QueryAsync("select feature from gold.cost_coefficients"));
        Assert.Equal(["true"], await pipeline.QueryAsync("select coefficient between 2.9 and 3.1 from gold.cost_coefficients where feature = 'weight'"));
        var model = await ModelAsync(pipeline);
        Assert.True(model.Card.Metrics["rmse"] < 0.2 * model.Card.Baseline["rmse"], Json.Write(model.Card));
        Assert.Equal(("ridge regression", "cost", 195L), (model.Card.Kind, model.Card.Target, model.Card.Rows));
        Assert.All((await pipeline.SucceedAsync()).Steps, s => Assert.Equal(StepStatus.Unchanged, s.Status));
    }

    // The median of all rows would know those that test the model.
    [Fact]
    public async Task Run_WhatIsFitted_IsFittedToTheOldestRowsOnly()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition($"features: {Features}, where: {{column: id, op: lt, value: 100}}"));
        await pipeline.LandAsync("a.csv", Orders(120, unknown: 0, later: 1000));
        await pipeline.SucceedAsync();

        var fitted = (await ModelAsync(pipeline)).Regression!.Fitted;

        Assert.Equal(70, fitted.Rows);
        Assert.Equal(["100"], await pipeline.QueryAsync("select count(*) from gold.cost_predictions"));
        Assert.Equal(await pipeline.QueryAsync("select median(weight) from silver.f where id < 70"), [fitted.Columns[0].Impute!.Value.ToString(CultureInfo.InvariantCulture)]);
    }

    [Theory]
    [InlineData("retrain: always", 2)]
    [InlineData("retrain: never", 1)]
    public async Task Run_NewRows_ArePredictedByTheRule(string rule, long version)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition($"features: {Features}, {rule}"));
        await pipeline.LandAsync("a.csv", Orders(100, unknown: 0));
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("b.csv", "id,day,weight,country,cost\n900,2025-01-01,10,no,80\n");

        await pipeline.SucceedAsync();

        Assert.Equal(version, (await ModelAsync(pipeline)).Version);
        Assert.Equal([version == 1 ? "new|80|80" : "test|80|80"], await pipeline.QueryAsync("select part, actual::int, round(predicted)::int from gold.cost_predictions where id = 900"));
        var rebuilt = await pipeline.RunAsync(fullRefresh: true, "gold.cost_predictions", "gold.cost_coefficients");
        Assert.Equal((RunStatus.Succeeded, version + 1), (rebuilt.Run.Status, (await ModelAsync(pipeline)).Version));
    }

    [Fact]
    public async Task Score_Rows_ArePredictedAsInTheTable()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition($"features: {Features}"));
        await pipeline.LandAsync("a.csv", Orders(100, unknown: 0));
        await pipeline.SucceedAsync();
        var stored = await pipeline.AnswerAsync("select day, weight, country, predicted from gold.cost_predictions join silver.f using (id, day) order by id limit 50");
        var rows = stored.Rows.Select(r => new JsonObject { ["day"] = r[0]?.DeepClone(), ["weight"] = r[1]?.DeepClone(), ["country"] = r[2]?.DeepClone() }).ToList();
        var scoring = pipeline.Floor.GetRequiredService<ModelScoring>();

        var scores = await scoring.ScoreAsync(pipeline.Name, "cost", null, rows, Cancelled);

        Assert.All(stored.Rows.Zip(scores.Scores), p => Assert.Equal(p.First[3]!.GetValue<double>(), p.Second.Predicted!.Value, 1e-9));
        Assert.Equal("""{"predicted":""", Json.Write(scores.Scores[0])[..13]);
        Assert.Contains("Row 0 has 'cost', which the model does not look at", (await Assert.ThrowsAsync<QueryException>(() => scoring.ScoreAsync(pipeline.Name, "cost", null, [new JsonObject { ["cost"] = 1 }], Cancelled))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("id,day,weight,country,cost\n1,2024-01-01,1,no,1\n2,2024-01-02,1,no,2\n", "ridge regression: 2 rows cannot be divided by their time")]
    [InlineData("id,day,weight,country,cost\n1,2024-01-01,,no,1\n", "'weight' has 1 of 1 rows without a finite number")]
    [InlineData("id,day,weight,country,cost\n1,,1,no,1\n", "'time' is NULL in row 1")]
    public async Task Run_NothingToLearn_FailsItsStepWithTheReason(string csv, string message)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition("features: {weight: {}, country: {encode: oneHot}}"));
        await pipeline.LandAsync("a.csv", csv);

        var report = await pipeline.RunAsync();

        Assert.Equal(StepStatus.Failed, report["gold.cost_predictions"].Status);
        Assert.Contains(message, report["gold.cost_predictions"].Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("features: {cost: {}}", "has 'cost' as target and as feature: leave it out of the features")]
    [InlineData("features: {no: {}}", "features: silver.f has no column 'no'")]
    [InlineData("features: {weight: {}}, time: country", "time: 'country' is text: expected a date or a time")]
    [InlineData("features: {weight: {}}, target: country", "target: 'country' is text: expected a number")]
    [InlineData("features: {weight: {}}, where: {column: weight, op: above, value: 1}", "expected a condition as the mart takes it")]
    [InlineData("features: {weight: {}}, where: {column: country, op: gt, value: 1}", "'where': 'country' is text: expected a text, found 1")]
    [InlineData("features: {weight: {}}, key: []", "prediction 'cost' has no 'key'")]
    [InlineData("features: {weight: {}}, retrain: sometimes", "'retrain' of prediction 'cost' is 'sometimes'")]
    [InlineData("features: {weight: {}}}}\nclusters: {cost: {from: silver.f, key: [id], features: {weight: {}}", "two models are named 'cost'")]
    public async Task Define_PredictionThatCannotBe_IsRefused(string options, string message)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Definition(options));

        var refused = (await pipeline.RefusedAsync()).Message;
        Assert.True(refused.Contains(message, StringComparison.Ordinal), refused);
    }

    private static string Definition(string options)
    {
        var defaults = new[] { ("key", "[id]"), ("time", "day"), ("target", "cost") }.Where(d => !options.Contains($", {d.Item1}: ", StringComparison.Ordinal) || options.Contains('\n', StringComparison.Ordinal));
        const string Sources = "sources: {f: {connector: file, path: $/*.csv, columns: {id: {type: bigint}, day: {type: date}, weight: {type: double}, country: {type: varchar}, cost: {type: \"decimal(18,4)\"}}}}";
        return $"{Sources}\npredictions: {{cost: {{from: silver.f, {string.Concat(defaults.Select(d => $"{d.Item1}: {d.Item2}, "))}{options}}}}}";
    }

    // What an order costs follows from its weight and country, and hardly from chance.
    private static string Orders(int count, int unknown, int later = 0)
    {
        var random = new SplitMix(5);
        var csv = new StringBuilder("id,day,weight,country,cost\n");
        for (var id = 0; id < count; id++)
        {
            var weight = Math.Round((random.NextNormal() * 5) + 20 + (id >= 70 ? later : 0), 3);
            var country = id % 3 == 0 ? "no" : "se";
            var cost = id >= count - unknown ? "" : (10 + (3 * weight) + (country == "no" ? 40 : 0) + (random.NextNormal() * 0.01)).ToString("F4", CultureInfo.InvariantCulture);
            csv.Append(CultureInfo.InvariantCulture, $"{id},{new DateOnly(2024, 1, 1).AddDays(id):yyyy-MM-dd},{weight},{country},{cost}\n");
        }

        return csv.ToString();
    }

    private static async Task<TrainedModel> ModelAsync(TestPipeline pipeline) =>
        Assert.IsType<TrainedModel>(await pipeline.Floor.GetRequiredService<ModelRegistry>().FindAsync(pipeline.Name, "cost", null, Cancelled));
}
