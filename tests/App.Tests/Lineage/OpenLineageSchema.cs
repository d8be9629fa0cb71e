using System.Text.Json;

namespace Pipeline.App.Tests.Lineage;

/// <summary>Holds events against the published JSON Schemas: the event itself, and every facet against its own.</summary>
internal static class OpenLineageSchema
{
    private static readonly JsonSchema Schema = JsonSchema.Published(
        Directory.EnumerateFiles(Path.Combine(LocalApp.RepoRoot, "tests/App.Tests/Lineage/schemas"), "*.json").Select(file => JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(file))));

    /// <summary>What does not fit; empty: the event is right.</summary>
    public static IReadOnlyList<string> Check(JsonElement told) =>
        [.. Schema.Check("https://openlineage.io/spec/2-0-2/OpenLineage.json", told), .. Schema.Check(told.GetProperty("schemaURL").GetString()!, told), .. Facets(told).SelectMany(CheckFacet)];

    private static IEnumerable<string> CheckFacet(JsonProperty facet)
    {
        var address = facet.Value.TryGetProperty("_schemaURL", out var url) ? url.GetString()! : "";
        if (address.Length == 0)
        {
            return [$"{facet.Name} has no _schemaURL"];
        }

        var name = Schema.Document(address).GetProperty("properties").EnumerateObject().Single().Name;
        return Schema.Check(address, facet.Value).Concat(name == facet.Name ? [] : [$"{facet.Name} has the schema of {name}"]);
    }

    private static IEnumerable<JsonProperty> Facets(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Facets),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => (p.Name is "facets" or "inputFacets" or "outputFacets" ? p.Value.EnumerateObject() : Enumerable.Empty<JsonProperty>()).Concat(Facets(p.Value))),
        _ => [],
    };
}
