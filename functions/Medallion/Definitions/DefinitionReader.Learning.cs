using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Prediction;

namespace Pipeline.Medallion.Definitions;

/// <content>What is learnt from tables: clusters and forecasts.</content>
internal sealed partial class DefinitionReader
{
    private static readonly JsonSerializerOptions FeatureOptions = new(Json.Options) { UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow };
    private static readonly string[] Trainers = [KMeansTrainer.BuiltIn, "mlnet"];

    private IEnumerable<ClusterDefinition> ReadClusters(YamlMap root, IReadOnlyList<ModelDefinition> models)
    {
        foreach (var (name, map) in root.Maps("clusters", "clusters"))
        {
            CheckName(name, "clusters", map.Line);
            map.AllowOnly(PipelineKeys.Clusters);
            var what = $"clusters '{name}'";
            var clusters = new ClusterDefinition
            {
                Name = name,
                From = ReadLearnedFrom(map, what),
                Where = ReadWhere(map, what),
                Key = ReadLearnedKey(map, what),
                Features = [.. ReadFeatures(map, what)],
                K = ReadK(map, name),
                Seed = ReadNumber(map, "seed", what, 0, long.MaxValue) ?? 1,
                Restarts = (int)(ReadNumber(map, "restarts", what, 1, 100) ?? 4),
                Anomalies = ReadFactor(map, name),
                Retrain = ReadRetrain(map, what),
                Trainer = map.Text("trainer") ?? KMeansTrainer.BuiltIn,
                Description = map.Text("description"),
                Line = map.Line,
            };
            if (!Trainers.Contains(clusters.Trainer))
            {
                map.ProblemAt("trainer", $"'trainer' of clusters '{name}' is '{clusters.Trainer}': expected {string.Join(" or ", Trainers)}");
            }

            RefuseClash(map, [clusters.Rows, clusters.Centroids], models);
            yield return clusters;
        }
    }

    private IEnumerable<ForecastDefinition> ReadForecasts(YamlMap root, IReadOnlyList<MetricDefinition> metrics, IReadOnlyList<ModelDefinition> models)
    {
        foreach (var (name, map) in root.Maps("forecasts", "forecast"))
        {
            CheckName(name, "forecast", map.Line);
            map.AllowOnly(PipelineKeys.Forecast);
            var what = $"forecast '{name}'";
            var metric = ReadMetricOf(map, metrics, what);
            var season = map.Choice("season", Season.None);
            var forecast = new ForecastDefinition
            {
                Name = name,
                Metric = metric?.Name ?? "",
                From = metric?.From ?? default,
                Time = map.RequiredText("time"),
                Grain = map.Choice("grain", MartGrain.Month),
                Horizon = (int)(ReadNumber(map, "horizon", what, 1, 1000) ?? 3),
                Leave = (int)(ReadNumber(map, "leave", what, 0, 1000) ?? 0),
                Smoothing = new SmoothingOptions
                {
                    Trend = map.Choice("trend", Trend.Damped),
                    Season = season,
                    Period = (int)(ReadNumber(map, "period", what, 2, 10_000) ?? 1),
                    Coverage = ReadCoverage(map, name),
                },
                Description = map.Text("description"),
                Line = map.Line,
            };
            if (season == Season.None == map.Has("period"))
            {
                map.ProblemAt(map.Has("period") ? "period" : "season", $"forecast '{name}' has {(map.Has("period") ? "'period' without 'season'" : "'season' without 'period'")}: say both, such as season: additive with period: 12");
            }

            RefuseClash(map, [forecast.Table], models);
            yield return forecast;
        }
    }

    private static MetricDefinition? ReadMetricOf(YamlMap map, IReadOnlyList<MetricDefinition> metrics, string what)
    {
        var name = map.RequiredText("metric");
        var found = metrics.FirstOrDefault(m => m.Name == name);
        if (name.Length > 0 && found is null)
        {
            map.ProblemAt("metric", $"{what} is of the metric '{name}', which this pipeline does not have: expected {(metrics.Count == 0 ? "one below 'metrics'" : string.Join(", ", metrics.Select(m => m.Name)))}");
        }

        return found;
    }

    private static IReadOnlyList<string> ReadLearnedKey(YamlMap map, string what)
    {
        var key = map.Texts("key");
        if (key.Count == 0)
        {
            map.ProblemAt("key", $"{what} has no 'key': name the columns that tell the rows of '{map.Text("from")}' apart, such as key: [customer_id]");
        }

        return key;
    }

    private static MartFilter? ReadWhere(YamlMap map, string what)
    {
        if (map.Json("where") is not { } where)
        {
            return null;
        }

        try
        {
            return where.Deserialize<MartFilter>(FeatureOptions);
        }
        catch (JsonException)
        {
            map.ProblemAt("where", $"'where' of {what} is {where.ToJsonString()}: expected a condition as the mart takes it, such as {{column: amount, op: gt, value: 0}}, or and, or, not with further ones");
            return null;
        }
    }

    private static TableKey ReadLearnedFrom(YamlMap map, string what)
    {
        var text = map.RequiredText("from");
        if (text.Length > 0 && !TableKey.TryParse(text, out _))
        {
            map.ProblemAt("from", $"'from' of {what} is '{text}': expected a table, such as gold.customer_rfm");
        }

        return TableKey.TryParse(text, out var table) ? table : default;
    }

    private static IEnumerable<FeatureColumn> ReadFeatures(YamlMap map, string what)
    {
        if (map.Json("features") is not JsonObject { Count: > 0 } features)
        {
            map.ProblemAt("features", $"{what} has no 'features': name columns, each with what is made of it, such as features: {{monetary: {{log: true, scale: standard}}}}");
            yield break;
        }

        foreach (var (column, node) in features)
        {
            if (ReadFeature(map, what, column, node) is { } feature)
            {
                yield return feature;
            }
        }
    }

    private static FeatureColumn? ReadFeature(YamlMap map, string what, string column, JsonNode? node)
    {
        var body = node is null ? [] : node.DeepClone() as JsonObject;
        if (body is null || body.ContainsKey("column"))
        {
            map.ProblemAt("features", $"feature '{column}' of {what} is {node?.ToJsonString()}: expected keys and values, such as {{log: true, scale: standard}}");
            return null;
        }

        body["column"] = column;
        try
        {
            return body.Deserialize<FeatureColumn>(FeatureOptions);
        }
        catch (JsonException error)
        {
            map.ProblemAt("features", $"feature '{column}' of {what} is {node?.ToJsonString()}: expected impute (mean, median, constant) with value, clip, log, scale (standard, minMax, robust), encode (oneHot, hash) with columns and unknown, or parts; {error.Path} is none of it");
            return null;
        }
    }

    private static int? ReadK(YamlMap map, string name) => map.Text("k") is null or "auto" ? null : (int?)ReadNumber(map, "k", $"clusters '{name}'", 1, KMeansOptions.MaxK, "auto, or ");

    private static long? ReadNumber(YamlMap map, string key, string what, long min, long max, string or = "")
    {
        if (map.Text(key) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
        {
            return number;
        }

        map.ProblemAt(key, $"'{key}' of {what} is '{text}': expected {or}a whole number from {min} to {max}");
        return null;
    }

    private static double ReadFactor(YamlMap map, string name) => ReadReal(map, "anomalies", $"clusters '{name}'", 0, 1e6) ?? AnomalyThreshold.DefaultFactor;

    private static double ReadCoverage(YamlMap map, string name) => ReadReal(map, "coverage", $"forecast '{name}'", 0, 1) ?? 0.95;

    private static double? ReadReal(YamlMap map, string key, string what, double above, double below)
    {
        if (map.Text(key) is not { } text)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > above && number < below)
        {
            return number;
        }

        map.ProblemAt(key, string.Create(CultureInfo.InvariantCulture, $"'{key}' of {what} is '{text}': expected a number above {above} and below {below}"));
        return null;
    }

    private static RetrainRule ReadRetrain(YamlMap map, string what)
    {
        switch (map.Text("retrain"))
        {
            case null or "always":
                return RetrainRule.Always;
            case "never":
                return RetrainRule.Never;
            case var text when text.EndsWith('d') && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= 3650:
                return new RetrainRule(TimeSpan.FromDays(days));
            case var text:
                map.ProblemAt("retrain", $"'retrain' of {what} is '{text}': expected always, never, or how many days a model may be old, such as 7d");
                return RetrainRule.Always;
        }
    }

    private static void RefuseClash(YamlMap map, IReadOnlyList<TableKey> tables, IReadOnlyList<ModelDefinition> models)
    {
        if (models.FirstOrDefault(m => tables.Contains(m.Table)) is { } clash)
        {
            map.ProblemAt("", $"'{clash.Table}' is a model too ({clash.Line}): rename one");
        }
    }

    // Models of all kinds are registered by their names.
    private void RefuseTwins(PipelineDefinition definition)
    {
        foreach (var twins in definition.Learns.Where(l => l.HasModel).GroupBy(l => l.Name).Where(g => g.Count() > 1))
        {
            problems.Add(new(DefinitionFiles.PipelineFile, twins.Last().Line.Number, $"two models are named '{twins.Key}' ({string.Join(", ", twins.Select(t => t.Line))}): rename one, for models are found by their names"));
        }
    }
}
