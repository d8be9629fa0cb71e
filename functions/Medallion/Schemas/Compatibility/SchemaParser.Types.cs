using System.Text.Json;

namespace Pipeline.Medallion.Schemas.Compatibility;

/// <content>The keywords that mean something for a type.</content>
internal sealed partial class SchemaParser
{
    private static readonly string[] OfNumbers = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
    private static readonly string[] OfStrings = ["minLength", "maxLength"];
    private static readonly string[] OfArrays = ["minItems", "maxItems", "minContains", "maxContains"];
    private static readonly string[] OfObjects = ["minProperties", "maxProperties"];

    // Without 'type', what the keywords are for is what the schema is for, as Confluent takes it.
    private static readonly (JsonType Type, string[] Keywords)[] Implied =
    [
        (JsonType.Object, [.. OfObjects, "properties", "required", "additionalProperties", "patternProperties", "unevaluatedProperties", "dependencies", "dependentRequired", "dependentSchemas"]),
        (JsonType.Array, [.. OfArrays, "items", "prefixItems", "additionalItems", "unevaluatedItems", "uniqueItems", "contains"]),
        (JsonType.String, [.. OfStrings, "pattern"]),
        (JsonType.Number, OfNumbers),
    ];

    private SchemaNode? Typed(JsonElement schema, string at)
    {
        var values = Values(schema, at);
        var declared = Declared(schema, at);
        var types = declared
            ?? (values is null ? [.. Implied.Where(i => i.Keywords.Any(k => schema.TryGetProperty(k, out _))).Select(i => i.Type)] : TypesOf(values));
        if (types.Count == 0)
        {
            return null;
        }

        var nodes = types.Select(type => Typed(schema, type, values, at)).Where(n => types.Count == 1 || n.Values is not { Count: 0 }).ToList();
        return nodes switch
        {
            [] => new NoSchema { Source = schema },
            [var only] => only,
            _ => new CombinedSchema { Source = schema, Combination = Combination.AnyOf, Parts = nodes },
        };
    }

    private TypedSchema Typed(JsonElement schema, JsonType type, List<JsonElement>? values, string at) => new()
    {
        Source = schema,
        Type = type,
        Values = values?.Where(v => Is(v, type)).Select(CanonicalJson.Write).ToHashSet(),
        Limits = type switch
        {
            JsonType.Integer or JsonType.Number => Limits(schema, OfNumbers, at),
            JsonType.String => Limits(schema, OfStrings, at),
            JsonType.Array => Limits(schema, OfArrays, at),
            JsonType.Object => Limits(schema, OfObjects, at),
            _ => Limits(schema, [], at),
        },
        Pattern = type == JsonType.String ? Text(schema, "pattern", at) : null,
        UniqueItems = type == JsonType.Array && schema.TryGetProperty("uniqueItems", out var unique) && unique.ValueKind == JsonValueKind.True,
        Properties = type == JsonType.Object ? Properties(schema, at) : null,
        Items = type == JsonType.Array ? Items(schema, at) : null,
    };

    private static List<JsonType>? Declared(JsonElement schema, string at)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            return null;
        }

        var names = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray()] : new[] { type };
        return names.Length == 0
            ? throw Invalid(at, "'type' is an empty list.")
            : [.. names.Select(name => name.ValueKind == JsonValueKind.String ? TypeOf(name.GetString(), at) : throw Invalid(at, "'type' is neither a string nor a list of strings.")).Distinct()];
    }

    private static JsonType TypeOf(string? name, string at) => name switch
    {
        "null" => JsonType.Null,
        "boolean" => JsonType.Boolean,
        "integer" => JsonType.Integer,
        "number" => JsonType.Number,
        "string" => JsonType.String,
        "array" => JsonType.Array,
        "object" => JsonType.Object,
        _ => throw Invalid(at, $"'type' is '{name}': expected one of null, boolean, integer, number, string, array, object."),
    };

    private static List<JsonElement>? Values(JsonElement schema, string at)
    {
        if (schema.TryGetProperty("const", out var value))
        {
            return [value];
        }

        if (!schema.TryGetProperty("enum", out var values))
        {
            return null;
        }

        return values.ValueKind == JsonValueKind.Array && values.GetArrayLength() > 0 ? [.. values.EnumerateArray()] : throw Invalid(at, "'enum' is not a list of values.");
    }

    private static List<JsonType> TypesOf(List<JsonElement> values)
    {
        var allIntegral = values.TrueForAll(v => v.ValueKind != JsonValueKind.Number || IsIntegral(v));
        return [.. values.Select(v => v.ValueKind switch
        {
            JsonValueKind.Null => JsonType.Null,
            JsonValueKind.True or JsonValueKind.False => JsonType.Boolean,
            JsonValueKind.Number => allIntegral ? JsonType.Integer : JsonType.Number,
            JsonValueKind.String => JsonType.String,
            JsonValueKind.Array => JsonType.Array,
            _ => JsonType.Object,
        }).Distinct()];
    }

    private static bool Is(JsonElement value, JsonType type) => type switch
    {
        JsonType.Null => value.ValueKind == JsonValueKind.Null,
        JsonType.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        JsonType.Integer => value.ValueKind == JsonValueKind.Number && IsIntegral(value),
        JsonType.Number => value.ValueKind == JsonValueKind.Number,
        JsonType.String => value.ValueKind == JsonValueKind.String,
        JsonType.Array => value.ValueKind == JsonValueKind.Array,
        _ => value.ValueKind == JsonValueKind.Object,
    };

    private static bool IsIntegral(JsonElement number) => number.TryGetDecimal(out var value) && decimal.IsInteger(value);

    private static Dictionary<string, decimal> Limits(JsonElement schema, string[] keywords, string at)
    {
        var limits = new Dictionary<string, decimal>();
        foreach (var keyword in keywords)
        {
            if (schema.TryGetProperty(keyword, out var limit))
            {
                limits[keyword] = limit.ValueKind != JsonValueKind.Number ? throw Invalid(at, $"'{keyword}' is not a number.")
                    : limit.TryGetDecimal(out var value) ? value
                    : limit.GetDouble() > 0 ? decimal.MaxValue : decimal.MinValue;
            }
        }

        return limits;
    }

    private static string? Text(JsonElement schema, string keyword, string at) =>
        !schema.TryGetProperty(keyword, out var text) ? null
            : text.ValueKind == JsonValueKind.String ? text.GetString()
            : throw Invalid(at, $"'{keyword}' is not a string.");
}
