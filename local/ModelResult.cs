using System.Globalization;

namespace Pipeline.Local;

/// <summary>What a pipeline's models have learnt, for people.</summary>
internal sealed class ModelResult
{
    private readonly List<(string Title, Grid Grid)> parts = [];

    /// <summary>Asks for the models of a pipeline, and for what they say: centroids of clusters, and what is predicted.</summary>
    public static async Task<ModelResult> ReadAsync(ApiClient api, string pipeline, CancellationToken cancellationToken)
    {
        var result = new ModelResult();
        var models = await api.GetModelsAsync(pipeline, cancellationToken);
        if (models.Count == 0)
        {
            return result;
        }

        result.parts.Add(("Models", new Grid(
            [new("model"), new("kind"), new("version", IsNumber: true), new("trained on"), new("rows", IsNumber: true), new("worth"), new("naive baseline")],
            [.. models.Select(m => (IReadOnlyList<string>)[m.Name, m.Card.Kind, Grid.Number(m.Version), string.Join(", ", m.Card.Data.Keys), Grid.Number(m.Card.Rows), Told(m.Card.Metrics), Told(m.Card.Baseline)])])));
        foreach (var model in models)
        {
            var (title, sql) = model.Card.Kind switch
            {
                "k-means" => ($"Clusters of {model.Name}", $"select cluster, size, round(columns(* exclude (cluster, size)), 2) from gold.{model.Name}_centroids order by cluster"),
                "ridge regression" => ($"Weights of {model.Name}", $"select feature, coefficient from gold.{model.Name}_coefficients"),
                _ => ($"Forecast of {model.Name}", $"select time, round(value, 2) as value, round(low, 2) as low, round(high, 2) as high from gold.{model.Name}_forecast where kind = 'forecast' order by time"),
            };
            result.parts.Add((title, Grid.Of(await api.QueryAsync(pipeline, sql, cancellationToken))));
        }

        return result;
    }

    public void Show(Screen screen)
    {
        foreach (var (title, grid) in parts)
        {
            screen.Heading(title);
            grid.Write(screen);
        }
    }

    private static string Told(IReadOnlyDictionary<string, double> metrics) =>
        string.Join(", ", metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key} {m.Value.ToString("G6", CultureInfo.InvariantCulture)}"));
}

/// <summary>A model as the app lists it.</summary>
internal sealed record ModelState(string Name, long Version, ModelCardState Card);

/// <summary>What the app says of a model.</summary>
internal sealed record ModelCardState
{
    public required string Kind { get; init; }

    public required long Rows { get; init; }

    public required IReadOnlyDictionary<string, long> Data { get; init; }

    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    public IReadOnlyDictionary<string, double> Baseline { get; init; } = new Dictionary<string, double>();
}
