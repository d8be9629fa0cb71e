using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pipeline.App.Tests;

/// <summary>Holds a JSON value against a schema (draft 2020-12); a keyword that it does not know is an error, so that nothing goes unchecked.</summary>
internal sealed class JsonSchema
{
    private static readonly string[] Annotations = ["description", "default", "example", "deprecated", "$schema", "$id", "$defs"];
    private readonly JsonElement document;
    private readonly IReadOnlyDictionary<string, JsonElement> published;

    /// <summary>Schemas of the OpenAPI document. Its records are whole: a property that is not described is an error.</summary>
    public JsonSchema(JsonElement document)
        : this(document, new Dictionary<string, JsonElement>())
    {
    }

    private JsonSchema(JsonElement document, IReadOnlyDictionary<string, JsonElement> published) => (this.document, this.published) = (document, published);

    /// <summary>Schemas that refer to each other by their <c>$id</c>; more properties than they describe may be there.</summary>
    public static JsonSchema Published(IEnumerable<JsonElement> documents)
    {
        var known = documents.ToDictionary(d => d.GetProperty("$id").GetString()!);
        return new JsonSchema(known.Values.First(), known);
    }

    /// <summary>What does not fit; empty: the value fits.</summary>
    public IReadOnlyList<string> Check(JsonElement schema, JsonElement value) => Check(schema, document, value);

    /// <summary>What does not fit of the schema at an address, with or without a fragment.</summary>
    public IReadOnlyList<string> Check(string address, JsonElement value)
    {
        var (schema, within) = Resolve(address, document);
        return Check(schema, within, value);
    }

    /// <summary>The document at an address.</summary>
    public JsonElement Document(string address) => published[address.Split('#')[0]];

    private List<string> Check(JsonElement schema, JsonElement within, JsonElement value)
    {
        var errors = new List<string>();
        Check(schema, within, value, "$", errors);
        return errors;
    }

    private void Check(JsonElement schema, JsonElement within, JsonElement value, string at, List<string> errors)
    {
        if (schema.ValueKind == JsonValueKind.True)
        {
            return;
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            switch (keyword.Name)
            {
                case "$ref":
                    var (target, home) = Resolve(keyword.Value.GetString()!, within);
                    Check(target, home, value, at, errors);
                    break;
                case "allOf":
                    foreach (var part in keyword.Value.EnumerateArray())
                    {
                        Check(part, within, value, at, errors);
                    }

                    break;
                case "anyOf":
                    Require(keyword.Value.EnumerateArray().Any(Fits), "fits none of 'anyOf'");
                    break;
                case "oneOf":
                    Require(keyword.Value.EnumerateArray().Count(Fits) == 1, $"fits {keyword.Value.EnumerateArray().Count(Fits)} of 'oneOf'");
                    break;
                case "not":
                    Require(!Fits(keyword.Value), "fits what it must not");
                    break;
                case "type":
                    Require(Types(keyword.Value).Any(type => Is(type, value)), $"is {value.ValueKind}, not {keyword.Value}");
                    break;
                case "enum":
                    Require(keyword.Value.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value)), $"is {value}, not one of {keyword.Value}");
                    break;
                case "pattern":
                    Require(value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, keyword.Value.GetString()!), $"'{value}' does not match {keyword.Value}");
                    break;
                case "minimum":
                    Require(value.ValueKind != JsonValueKind.Number || value.GetDecimal() >= keyword.Value.GetDecimal(), $"{value} is less than {keyword.Value}");
                    break;
                case "format":
                    Require(value.ValueKind != JsonValueKind.String || IsFormat(keyword.Value.GetString()!, value.GetString()!), $"'{value}' is no {keyword.Value}");
                    break;
                case "required":
                    foreach (var name in keyword.Value.EnumerateArray().Where(name => value.ValueKind == JsonValueKind.Object && !value.TryGetProperty(name.GetString()!, out _)))
                    {
                        errors.Add($"{at} lacks {name}");
                    }

                    break;
                case "properties":
                    CheckProperties(schema, within, keyword.Value, value, at, errors);
                    break;
                case "additionalProperties" when keyword.Value.ValueKind == JsonValueKind.Object && value.ValueKind == JsonValueKind.Object:
                    foreach (var property in value.EnumerateObject().Where(p => !schema.TryGetProperty("properties", out var named) || !named.TryGetProperty(p.Name, out _)))
                    {
                        Check(keyword.Value, within, property.Value, $"{at}.{property.Name}", errors);
                    }

                    break;
                case "additionalProperties":
                    break;
                case "items":
                    foreach (var (index, item) in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Index() : [])
                    {
                        Check(keyword.Value, within, item, $"{at}[{index}]", errors);
                    }

                    break;
                default:
                    Require(Annotations.Contains(keyword.Name), $"has a schema with the keyword '{keyword.Name}', which is not checked here");
                    break;
            }
        }

        bool Fits(JsonElement other) => Check(other, within, value).Count == 0;

        void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                errors.Add($"{at} {otherwise}");
            }
        }
    }

    private void CheckProperties(JsonElement schema, JsonElement within, JsonElement properties, JsonElement value, string at, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var property in value.EnumerateObject())
        {
            if (properties.TryGetProperty(property.Name, out var described))
            {
                Check(described, within, property.Value, $"{at}.{property.Name}", errors);
            }
            else if (schema.TryGetProperty("additionalProperties", out var others) ? others.ValueKind == JsonValueKind.False : published.Count == 0)
            {
                errors.Add($"{at}.{property.Name} is not described");
            }
        }
    }

    private (JsonElement Schema, JsonElement Document) Resolve(string reference, JsonElement within)
    {
        var parts = reference.Split('#');
        var home = parts[0].Length == 0 ? within : published[parts[0]];
        return (parts.ElementAtOrDefault(1)?.Split('/').Skip(1).Aggregate(home, (node, name) => node.GetProperty(name)) ?? home, home);
    }

    private static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!) : [type.GetString()!];

    private static bool IsFormat(string format, string text) => format switch
    {
        "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _) && text.Contains('T', StringComparison.Ordinal),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _) && !text.StartsWith('/'),
        "uuid" => Guid.TryParseExact(text, "D", out _),
        _ => false,
    };

    private static bool Is(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => false,
    };
}
