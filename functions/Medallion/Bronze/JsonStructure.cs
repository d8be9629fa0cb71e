using System.Text.Json.Nodes;

namespace Pipeline.Medallion.Bronze;

/// <summary>Structures of JSON values as DuckDB's json_structure tells them: <c>{"a": "UBIGINT", "b": ["VARCHAR"]}</c>.</summary>
internal static class JsonStructure
{
    private const int MaxCharacters = 20_000;
    private const string Anything = "\"JSON\"";

    /// <summary>A structure that fits the values of both; null: one of nothing in particular.</summary>
    public static string? Merge(string? one, string? other) => (one, other) switch
    {
        (null, _) or (_, null) => one ?? other,
        _ when one == other => one,
        _ => Bounded(Merge(JsonNode.Parse(one), JsonNode.Parse(other))?.ToJsonString()),
    };

    /// <summary>A structure that can be kept: objects whose keys are data have one of any length, and then none in particular.</summary>
    public static string? Bounded(string? structure) => structure is { Length: > MaxCharacters } ? Anything : structure;

    private static JsonNode? Merge(JsonNode? one, JsonNode? other)
    {
        switch (one, other)
        {
            case (JsonObject a, JsonObject b):
                return new JsonObject(a.Select(p => p.Key).Union(b.Select(p => p.Key)).Select(name => KeyValuePair.Create(name, Merge(a[name], b[name]))));
            case (JsonArray a, JsonArray b):
                return new JsonArray(Merge(a.FirstOrDefault(), b.FirstOrDefault()));
            case (null, _) or (_, null):
                return (one ?? other)?.DeepClone();
            default:
                return JsonNode.Parse((one.ToJsonString(), other.ToJsonString()) switch
                {
                    var (a, b) when a == b => a,
                    ("\"NULL\"", var b) => b,
                    (var a, "\"NULL\"") => a,
                    var (a, b) when IsNumber(a) && IsNumber(b) => a == "\"DOUBLE\"" || b == "\"DOUBLE\"" ? "\"DOUBLE\"" : "\"BIGINT\"",
                    _ => Anything,
                });
        }
    }

    private static bool IsNumber(string type) => type is "\"BIGINT\"" or "\"UBIGINT\"" or "\"DOUBLE\"";
}
