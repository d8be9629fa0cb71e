using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Prediction;

/// <summary>Predicts a column of a table: features from the mart, a ridge regression in the registry, a table with the prediction of each row, and one with the weights.</summary>
internal sealed class PredictionTraining(DataMart mart, ModelRegistry registry) : ILearner
{
    public const string Kind = "ridge regression";

    /// <summary>The question to the mart for what a model looks at, with what it learns to predict as part of the key.</summary>
    public static FeatureQuery FeaturesOf(string pipeline, PredictionDefinition prediction) => new()
    {
        Pipeline = pipeline,
        From = prediction.From.ToString(),
        Key = [.. PredictionSql.Told(prediction).Append(prediction.Target).Distinct(StringComparer.OrdinalIgnoreCase)],
        Features = prediction.Features,
        Where = prediction.Where,
    };

    public bool Makes(PipelineDefinition pipeline, TableKey table) => pipeline.Predictions.Any(p => p.Rows == table || p.Coefficients == table);

    public async Task<Learned> LearnAsync(LearnWork work, DuckDbSession session, CancellationToken cancellationToken)
    {
        var prediction = work.Pipeline.Predictions.First(p => p.Rows == work.Step.Table || p.Coefficients == work.Step.Table);
        return prediction.Rows == work.Step.Table
            ? await PredictAsync(work, prediction, session, cancellationToken)
            : await TellAsync(work, prediction, session, cancellationToken);
    }

    private async Task<Learned> PredictAsync(LearnWork work, PredictionDefinition prediction, DuckDbSession session, CancellationToken cancellationToken)
    {
        var last = await registry.FindAsync(work.Pipeline.Name, prediction.Name, null, cancellationToken);
        var known = last is { Regression: not null } && work.Keeps(last, prediction.Retrain) ? last : null;
        var question = FeaturesOf(work.Pipeline.Name, prediction) with { Version = work.Versions[prediction.From] };
        var rows = new PredictionSql(prediction, Path.Combine(session.TempDirectory, "keys.parquet"), Path.Combine(session.TempDirectory, "features.parquet"));
        var model = known ?? await TrainAsync(work, prediction, question, rows, session, last, cancellationToken);
        var trained = model.Regression ?? throw new InvalidOperationException("A regression was trained.");
        if (known is not null)
        {
            // Whoever has just trained has read them.
            using var features = await ReadAsync(question with { Fitted = trained.Fitted }, rows, cancellationToken);
        }

        return new Learned(rows.Predicted(trained), model.Version);
    }

    private async Task<MartFeatures> ReadAsync(FeatureQuery question, PredictionSql rows, CancellationToken cancellationToken)
    {
        var features = await mart.ReadFeaturesAsync(question, cancellationToken);
        rows.Write(features);
        return features;
    }

    private async Task<TrainedModel> TrainAsync(
        LearnWork work, PredictionDefinition prediction, FeatureQuery question, PredictionSql rows, DuckDbSession session, TrainedModel? last, CancellationToken cancellationToken)
    {
        var options = new RidgeOptions();
        var (learning, fitted, columns) = await LearnFromAsync(question, rows, session, cancellationToken);
        var parts = RidgeParts.Of(learning, options);
        if (fitted.Columns.Any(c => c is not { Impute: null, Lower: null, Centre: null, Categories: null }))
        {
            // What is fitted is fitted to the rows that are learnt from first: it knows nothing of those that test it.
            var oldest = new MartFilter
            {
                And =
                [
                    new MartFilter { Column = prediction.Time, Op = MartOperator.Lt, Value = JsonSerializer.SerializeToElement(Text(learning.Time(parts.TrainingEnd))) },
                    new MartFilter { Column = prediction.Target, Op = MartOperator.IsNotNull },
                    .. question.Where is { } where ? [where] : Array.Empty<MartFilter>(),
                ],
            };
            using (var first = await mart.ReadFeaturesAsync(question with { Where = oldest }, cancellationToken))
            {
                fitted = first.Fitted;
            }

            (learning, _, _) = await LearnFromAsync(question with { Fitted = fitted }, rows, session, cancellationToken);
        }

        var result = RidgeTrainer.Train(learning, options, cancellationToken);
        var trained = new TrainedRegression
        {
            Columns = columns,
            Features = prediction.Features,
            Fitted = fitted,
            Model = result.Model,
            CrossValidation = result.CrossValidation,
            TrainedBefore = learning.Time(parts.TrainingEnd),
            ValidatedBefore = learning.Time(parts.ValidationEnd),
            TestedTo = learning.Time(learning.Count - 1),
        };
        return await registry.AddAsync(
            version => new TrainedModel
            {
                Pipeline = work.Pipeline.Name,
                Name = prediction.Name,
                Version = version,
                RunId = work.RunId,
                Definition = work.Step.Definition,
                Card = CardOf(work, prediction, trained, result, learning.Count, version),
                Regression = trained,
            },
            last,
            cancellationToken);
    }

    private async Task<(RegressionRows Rows, FittedFeatures Fitted, IReadOnlyList<DuckDbColumn> Columns)> LearnFromAsync(FeatureQuery question, PredictionSql rows, DuckDbSession session, CancellationToken cancellationToken)
    {
        using var features = await ReadAsync(question, rows, cancellationToken);
        using var result = session.Query(rows.Learning(session), cancellationToken);
        return (RegressionRows.Read(result, question.Key[^1], cancellationToken), features.Fitted, features.ColumnsOf(question.Features.Select(f => f.Column)));
    }

    private static ModelCard CardOf(LearnWork work, PredictionDefinition prediction, TrainedRegression trained, RidgeResult result, int rows, long version)
    {
        var test = result.Test;
        return new ModelCard
        {
            Name = prediction.Name,
            Version = version,
            Kind = Kind,
            TrainedUtc = work.TimeUtc,
            Data = new Dictionary<string, long> { [prediction.From.ToString()] = work.Versions[prediction.From] },
            Rows = rows,
            Features = trained.Model.Features,
            Target = prediction.Target,
            Parameters = new Dictionary<string, string>
            {
                ["lambda"] = trained.Model.Lambda.ToString("G6", CultureInfo.InvariantCulture),
                ["trained before"] = Text(trained.TrainedBefore),
                ["validated before"] = Text(trained.ValidatedBefore),
                ["tested to"] = Text(trained.TestedTo),
                ["naive baseline"] = test.Baseline.Name,
            },
            Metrics = Told(test.Model).Append(new("rmse_training", result.Training.Model.Rmse)).Append(new("rmse_validation", result.Validation.Model.Rmse)).ToDictionary(),
            Baseline = Told(test.Baseline.Metrics).Append(new("rmse_training", result.Training.Baseline.Metrics.Rmse)).Append(new("rmse_validation", result.Validation.Baseline.Metrics.Rmse)).ToDictionary(),
            Limits =
            [
                $"mae, r2 and rmse are those of the {test.Model.Rows} newest rows, which it never saw.",
                test.Gain is > 0 and var gain
                    ? string.Create(CultureInfo.InvariantCulture, $"On them its rmse is {gain:P1} less than that of the naive prediction.")
                    : "On them the naive prediction is at least as good: it is of no use as it is.",
                "It knows sums of its features: what depends on two of them at once it does not see.",
            ],
        };
    }

    private static IEnumerable<KeyValuePair<string, double>> Told(ErrorMetrics errors) =>
        new Dictionary<string, double?> { ["mae"] = errors.Mae, ["r2"] = errors.R2, ["rmse"] = errors.Rmse }.Where(m => m.Value is not null).Select(m => KeyValuePair.Create(m.Key, m.Value ?? 0));

    // As the mart takes it for dates and for times.
    private static string Text(DateTime time) => time.ToString(time.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);

    private async Task<Learned> TellAsync(LearnWork work, PredictionDefinition prediction, DuckDbSession session, CancellationToken cancellationToken)
    {
        var version = work.Models[prediction.Rows];
        var model = (await registry.FindAsync(work.Pipeline.Name, prediction.Name, version, cancellationToken))?.Regression?.Model
            ?? throw new TerminalException($"{prediction.Rows} was made by version {version} of model '{prediction.Name}', which is gone. Make it anew by a full refresh of {prediction.Rows}.");
        session.Execute("create table coefficients (feature varchar, coefficient double)", cancellationToken);
        using var appender = session.Append("coefficients");
        appender.Append(PredictionSql.Intercept, model.Intercept);
        foreach (var (feature, coefficient) in model.Features.Zip(model.Coefficients))
        {
            appender.Append(feature, coefficient);
        }

        appender.Complete();
        return new Learned("select * from coefficients", version);
    }
}
