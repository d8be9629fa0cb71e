using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Prediction;
using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Definitions;

/// <content>What is learnt from tables: predictions and unusual values.</content>
internal sealed partial class DefinitionReader
{
    private IEnumerable<PredictionDefinition> ReadPredictions(YamlMap root, IReadOnlyList<ModelDefinition> models)
    {
        foreach (var (name, map) in root.Maps("predictions", "prediction"))
        {
            CheckName(name, "prediction", map.Line);
            map.AllowOnly(PipelineKeys.Prediction);
            var what = $"prediction '{name}'";
            var prediction = new PredictionDefinition
            {
                Name = name,
                From = ReadLearnedFrom(map, what),
                Where = ReadWhere(map, what),
                Key = ReadLearnedKey(map, what),
                Time = map.RequiredText("time"),
                Target = map.RequiredText("target"),
                Features = [.. ReadFeatures(map, what)],
                Retrain = ReadRetrain(map, what),
                Description = map.Text("description"),
                Line = map.Line,
            };
            if (prediction.Features.Any(f => f.Column.Equals(prediction.Target, StringComparison.OrdinalIgnoreCase)))
            {
                map.ProblemAt("features", $"{what} has '{prediction.Target}' as target and as feature: leave it out of the features");
            }

            RefuseClash(map, [prediction.Rows, prediction.Coefficients], models);
            yield return prediction;
        }
    }

    private IEnumerable<MetricAnomalyDefinition> ReadAnomalies(YamlMap root, IReadOnlyList<MetricDefinition> metrics, IReadOnlyList<ModelDefinition> models)
    {
        foreach (var (name, map) in root.Maps("anomalies", "anomalies"))
        {
            CheckName(name, "anomalies", map.Line);
            map.AllowOnly(PipelineKeys.Anomalies);
            var what = $"anomalies '{name}'";
            var metric = ReadMetricOf(map, metrics, what);
            var anomalies = new MetricAnomalyDefinition
            {
                Name = name,
                Metric = metric?.Name ?? "",
                From = metric?.From ?? default,
                Time = map.RequiredText("time"),
                Grain = map.Choice("grain", MartGrain.Day),
                Leave = (int)(ReadNumber(map, "leave", what, 0, 1000) ?? 0),
                Seasonal = new SeasonalOptions
                {
                    Period = (int)(ReadNumber(map, "period", what, 1, 10_000) ?? 1),
                    Seasons = (int)(ReadNumber(map, "seasons", what, RobustDeviation.MinHistory, 1000) ?? SeasonalOptions.DefaultSeasons),
                    Threshold = ReadReal(map, "threshold", what, 0, 1e6) ?? RobustDeviation.Threshold,
                },
                Description = map.Text("description"),
                Line = map.Line,
            };
            RefuseClash(map, [anomalies.Table], models);
            yield return anomalies;
        }
    }
}
