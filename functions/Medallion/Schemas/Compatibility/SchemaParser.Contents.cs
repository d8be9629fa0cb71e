using System.Text.Json;

namespace Pipeline.Medallion.Schemas.Compatibility;

/// <content>What objects and arrays may contain.</content>
internal sealed partial class SchemaParser
{
    private ObjectContent Properties(JsonElement schema, string at)
    {
        var named = new Dictionary<string, SchemaNode>();
        foreach (var property in Members(schema, "properties", at))
        {
            named.Add(property.Name, Node(property.Value, $"{at}/properties/{JsonPointer.Escape(property.Name)}"));
        }

        var patterns = new List<PropertyPattern>();
        foreach (var pattern in Members(schema, "patternProperties", at))
        {
            var below = $"{at}/patternProperties/{JsonPointer.Escape(pattern.Name)}";
            patterns.Add(new PropertyPattern(pattern.Name, Expression(pattern.Name, below), Node(pattern.Value, below)));
        }

        return new ObjectContent(named, Required(schema, at), patterns, Others(schema, ["additionalProperties", "unevaluatedProperties"], at));
    }

    private ArrayContent Items(JsonElement schema, string at)
    {
        // A list under 'items' is draft 07's spelling of 'prefixItems', 'additionalItems' its spelling of 'items' beside one.
        if (schema.TryGetProperty("items", out var items) && items.ValueKind == JsonValueKind.Array)
        {
            return new ArrayContent(Positions(items, $"{at}/items"), Others(schema, ["additionalItems", "unevaluatedItems"], at));
        }

        if (!schema.TryGetProperty("prefixItems", out var prefix))
        {
            return new ArrayContent([], Others(schema, ["items", "additionalItems", "unevaluatedItems"], at));
        }

        return prefix.ValueKind == JsonValueKind.Array
            ? new ArrayContent(Positions(prefix, $"{at}/prefixItems"), Others(schema, ["items", "unevaluatedItems"], at))
            : throw Invalid(at, "'prefixItems' is not a list of schemas.");
    }

    private List<SchemaNode> Positions(JsonElement list, string at) => [.. list.EnumerateArray().Select((item, index) => Node(item, $"{at}/{index}"))];

    // The first keyword that is there holds. One that takes everything is as good as none.
    private SchemaNode? Others(JsonElement schema, string[] keywords, string at)
    {
        foreach (var keyword in keywords)
        {
            if (schema.TryGetProperty(keyword, out var others))
            {
                var node = Node(others, $"{at}/{keyword}");
                return node is AnySchema ? null : node;
            }
        }

        return null;
    }

    private static HashSet<string> Required(JsonElement schema, string at)
    {
        var names = new HashSet<string>();
        if (!schema.TryGetProperty("required", out var required))
        {
            return names;
        }

        if (required.ValueKind != JsonValueKind.Array)
        {
            throw Invalid(at, "'required' is not a list of names.");
        }

        foreach (var name in required.EnumerateArray())
        {
            names.Add(name.ValueKind == JsonValueKind.String ? name.GetString() ?? "" : throw Invalid(at, "'required' is not a list of names."));
        }

        return names;
    }

    private static IEnumerable<JsonProperty> Members(JsonElement schema, string keyword, string at) =>
        !schema.TryGetProperty(keyword, out var members) ? []
            : members.ValueKind == JsonValueKind.Object ? members.EnumerateObject()
            : throw Invalid(at, $"'{keyword}' is not an object.");
}
