using System.Globalization;
using System.Text;

namespace Pipeline.Medallion.Prediction;

/// <summary>What one must know of a trained model before using it.</summary>
/// <remarks>After Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019).</remarks>
public sealed record ModelCard
{
    /// <summary>The model's name.</summary>
    public required string Name { get; init; }

    /// <summary>Grows with each training.</summary>
    public required long Version { get; init; }

    /// <summary>Such as <c>k-means</c>, <c>ridge regression</c>, <c>exponential smoothing</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>When it was trained.</summary>
    public required DateTimeOffset TrainedUtc { get; init; }

    /// <summary>Tables that it was trained on, each with its version.</summary>
    public required IReadOnlyDictionary<string, long> Data { get; init; }

    /// <summary>Rows that it was trained on.</summary>
    public required long Rows { get; init; }

    /// <summary>Columns that it looks at.</summary>
    public required IReadOnlyList<string> Features { get; init; }

    /// <summary>What is predicted; null where nothing is.</summary>
    public string? Target { get; init; }

    /// <summary>How it was trained, by name: seed, k, lambda.</summary>
    public required IReadOnlyDictionary<string, string> Parameters { get; init; }

    /// <summary>What it reaches, by name.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>What a naive prediction reaches, by the same names; empty where there is none.</summary>
    public IReadOnlyDictionary<string, double> Baseline { get; init; } = new Dictionary<string, double>();

    /// <summary>What it cannot do, in sentences.</summary>
    public IReadOnlyList<string> Limits { get; init; } = [];

    /// <summary>The card as JSON.</summary>
    public string ToJson() => Json.Write(this);

    /// <summary>The card as Markdown.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        Line($"# {Cell(Name)}, version {Version}");
        Line($"");
        Line($"{Cell(Kind)}, trained {TrainedUtc:yyyy-MM-dd HH:mm:ss} UTC on {Rows:N0} rows of {string.Join(", ", Data.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"`{d.Key}` version {d.Value}"))}.");
        Line($"");
        Line($"Features: {string.Join(", ", Features.Select(f => $"`{f}`"))}.");
        if (Target is not null)
        {
            Line($"Target: `{Target}`.");
        }

        Table("parameter", "value", Parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"| {Cell(p.Key)} | {Cell(p.Value)} |"));
        Table(
            "metric",
            Baseline.Count > 0 ? "model | naive baseline" : "value",
            Metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => Baseline.Count == 0 ? $"| {Cell(m.Key)} | {Number(m.Value)} |" : $"| {Cell(m.Key)} | {Number(m.Value)} | {(Baseline.TryGetValue(m.Key, out var naive) ? Number(naive) : "")} |"));
        if (Limits.Count > 0)
        {
            Line($"");
            Line($"## Limits");
            Line($"");
            foreach (var limit in Limits)
            {
                Line($"- {Cell(limit)}");
            }
        }

        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

        void Table(string name, string values, IEnumerable<string> rows)
        {
            Line($"");
            Line($"| {name} | {values} |");
            Line($"|---|{(values.Contains('|', StringComparison.Ordinal) ? "---|---|" : "---|")}");
            foreach (var row in rows)
            {
                Line($"{row}");
            }
        }
    }

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
