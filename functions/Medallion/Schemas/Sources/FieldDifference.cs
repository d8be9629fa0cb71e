using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pipeline.Medallion.Schemas.Sources;

/// <summary>A place where two schemas differ, as people are told of it.</summary>
/// <param name="Field">The field; within it others by '.', items by <c>[]</c>; empty: the schema itself.</param>
/// <param name="Rule">What differs, such as <c>TYPE_CHANGED</c> or <c>FIELD_ADDED</c>.</param>
/// <param name="Old">What it was; null: nothing.</param>
/// <param name="New">What it is; null: nothing.</param>
public sealed record FieldDifference(string Field, string Rule, string? Old, string? New)
{
    private const int ShownCharacters = 100;
    private static readonly string[] Words = ["$schema", "$id", "$comment", "title", "description", "examples"];

    /// <inheritdoc/>
    public override string ToString() => $"{(Field.Length == 0 ? "the schema" : Field)}: {Rule}{(Old is null ? "" : $", was {Old}")}{(New is null ? "" : $", is {New}")}";

    /// <summary>Whether two schemas say the same, examples apart: those change with the data.</summary>
    internal static bool AreSame(string one, string other) => JsonNode.DeepEquals(WithoutExamples(one), WithoutExamples(other));

    /// <summary>Where two schemas differ, words for people apart; field by field.</summary>
    internal static IReadOnlyList<FieldDifference> Between(string? old, string now)
    {
        var found = new List<FieldDifference>();
        Compare("", old is null ? null : JsonNode.Parse(old), JsonNode.Parse(now), found);
        return found;
    }

    private static JsonNode? WithoutExamples(string text)
    {
        var schema = JsonNode.Parse(text);
        Strip(schema);
        return schema;

        static void Strip(JsonNode? node)
        {
            if (node is JsonObject owner && owner["properties"] is JsonObject properties)
            {
                foreach (var field in properties.Select(p => p.Value).OfType<JsonObject>())
                {
                    field.Remove("examples");
                    Strip(field);
                }
            }
        }
    }

    private static void Compare(string field, JsonNode? old, JsonNode? now, List<FieldDifference> found)
    {
        if (old is not JsonObject was || now is not JsonObject changed)
        {
            if (!JsonNode.DeepEquals(old, now))
            {
                found.Add(new FieldDifference(field, old is null ? "FIELD_ADDED" : now is null ? "FIELD_REMOVED" : "FIELD_CHANGED", Shown(old), Shown(now)));
            }

            return;
        }

        foreach (var keyword in was.Select(k => k.Key).Union(changed.Select(k => k.Key)).Where(k => !Words.Contains(k)))
        {
            var (before, after) = (was[keyword], changed[keyword]);
            switch (keyword)
            {
                case "properties":
                    CompareFields(field, before as JsonObject ?? [], after as JsonObject ?? [], found);
                    break;
                case "items":
                    Compare($"{field}[]", before, after, found);
                    break;
                case "required":
                    CompareRequired(field, Names(before), Names(after), found);
                    break;
                case var _ when !JsonNode.DeepEquals(before, after):
                    found.Add(new FieldDifference(field, $"{JsonNamingPolicy.SnakeCaseUpper.ConvertName(keyword)}_{(before is null ? "ADDED" : after is null ? "REMOVED" : "CHANGED")}", Shown(before), Shown(after)));
                    break;
                default:
                    break;
            }
        }
    }

    private static void CompareFields(string field, JsonObject old, JsonObject now, List<FieldDifference> found)
    {
        foreach (var name in old.Select(p => p.Key).Union(now.Select(p => p.Key)))
        {
            Compare(field.Length == 0 ? name : $"{field}.{name}", old[name], now[name], found);
        }
    }

    private static void CompareRequired(string field, IReadOnlyList<string> old, IReadOnlyList<string> now, List<FieldDifference> found)
    {
        var prefix = field.Length == 0 ? "" : $"{field}.";
        found.AddRange(now.Except(old).Select(name => new FieldDifference(prefix + name, "REQUIRED_ADDED", "optional", "required")));
        found.AddRange(old.Except(now).Select(name => new FieldDifference(prefix + name, "REQUIRED_REMOVED", "required", "optional")));
    }

    private static IReadOnlyList<string> Names(JsonNode? required) => required is JsonArray names ? [.. names.Select(n => (string?)n ?? "")] : [];

    private static string? Shown(JsonNode? node) => node?.ToJsonString() is { Length: > ShownCharacters } text ? string.Concat(text.AsSpan(0, ShownCharacters), "…") : node?.ToJsonString();
}
