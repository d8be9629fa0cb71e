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

        // Draft 07 has both kinds of dependencies under one keyword.
        var names = new Dictionary<string, IReadOnlySet<string>>();
        var schemas = new Dictionary<string, SchemaNode>();
        foreach (var keyword in new[] { "dependencies", "dependentRequired", "dependentSchemas" })
        {
            foreach (var dependency in Members(schema, keyword, at))
            {
                if (dependency.Value.ValueKind == JsonValueKind.Array)
                {
                    names[dependency.Name] = Names(dependency.Value, keyword, at);
                }
                else
                {
                    schemas[dependency.Name] = Node(dependency.Value, $"{at}/{keyword}/{JsonPointer.Escape(dependency.Name)}");
                }
            }
        }

        return new ObjectContent(
            named,
            schema.TryGetProperty("required", out var required) ? Names(required, "required", at) : new HashSet<string>(),
            patterns,
            Others(schema, ["additionalProperties", "unevaluatedProperties"], at),
            names,
            schemas);
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

    private static HashSet<string> Names(JsonElement list, string keyword, string at) =>
        list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(name => name.GetString() ?? "")]
            : throw Invalid(at, $"'{keyword}' is not a list of names.");

    private static IEnumerable<JsonProperty> Members(JsonElement schema, string keyword, string at) =>
        !schema.TryGetProperty(keyword, out var members) ? []
            : members.ValueKind == JsonValueKind.Object ? members.EnumerateObject()
            : throw Invalid(at, $"'{keyword}' is not an object.");
}
