using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Local;

/// <summary>What `run --json` prints.</summary>
internal sealed record RunSummary
{
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Null if no run was begun.</summary>
    public required string? RunId { get; init; }

    public required string Pipeline { get; init; }

    public required string Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    public double Seconds { get; init; }

    public IReadOnlyList<Step> Steps { get; init; } = [];

    public IReadOnlyDictionary<string, JsonElement> Metrics { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>The tables as the app tells of their quality; null if it does not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Quality { get; init; }

    public static RunSummary Of(RunState run, JsonElement? quality) => new()
    {
        RunId = run.Id,
        Pipeline = run.Pipeline,
        Status = run.Status,
        Error = run.Error,
        Seconds = run.Seconds,
        Steps = [.. run.Steps.Select(s => new Step(s.Name, s.Kind, s.Status, s.RowsIn, s.RowsOut, s.RowsRejected, s.Table, s.Version, s.Seconds, s.Error))],
        Metrics = run.Metrics,
        Quality = quality,
    };

    public static RunSummary NotBegun(string pipeline, string error) => new() { RunId = null, Pipeline = pipeline, Status = "failed", Error = error };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    internal sealed record Step(
        string Name, string? Kind, string Status, long? RowsIn, long? RowsOut, long? RowsRejected, string? Table, long? Version, double? Seconds,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error);
}
