using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pipeline.App.Tests;

/// <summary>Holds a JSON value against a schema of the OpenAPI document; a keyword that it does not know is an error, so that nothing goes unchecked.</summary>
internal sealed class JsonSchema(JsonElement document)
{
    private static readonly string[] Annotations = ["description", "default"];

    /// <summary>What does not fit; empty: the value fits.</summary>
    public IReadOnlyList<string> Check(JsonElement schema, JsonElement value)
    {
        var errors = new List<string>();
        Check(schema, value, "$", errors);
        return errors;
    }

    private void Check(JsonElement schema, JsonElement value, string at, List<string> errors)
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
                    Check(Resolve(keyword.Value.GetString()!), value, at, errors);
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
                case "format" when keyword.Value.GetString() == "date-time":
                    Require(value.ValueKind != JsonValueKind.String || DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, out _), $"'{value}' is no date-time");
                    break;
                case "required":
                    foreach (var name in keyword.Value.EnumerateArray().Where(name => value.ValueKind == JsonValueKind.Object && !value.TryGetProperty(name.GetString()!, out _)))
                    {
                        errors.Add($"{at} lacks {name}");
                    }

                    break;
                case "properties":
                    CheckProperties(schema, keyword.Value, value, at, errors);
                    break;
                case "additionalProperties" when keyword.Value.ValueKind == JsonValueKind.Object && value.ValueKind == JsonValueKind.Object:
                    foreach (var property in value.EnumerateObject())
                    {
                        Check(keyword.Value, property.Value, $"{at}.{property.Name}", errors);
                    }

                    break;
                case "additionalProperties":
                    break;
                case "items":
                    foreach (var (index, item) in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Index() : [])
                    {
                        Check(keyword.Value, item, $"{at}[{index}]", errors);
                    }

                    break;
                default:
                    Require(Annotations.Contains(keyword.Name), $"has a schema with the keyword '{keyword.Name}', which is not checked here");
                    break;
            }
        }

        void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                errors.Add($"{at} {otherwise}");
            }
        }
    }

    /// <summary>A record's schema is whole: a property that it does not name is an error.</summary>
    private void CheckProperties(JsonElement schema, JsonElement properties, JsonElement value, string at, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var property in value.EnumerateObject())
        {
            if (properties.TryGetProperty(property.Name, out var described))
            {
                Check(described, property.Value, $"{at}.{property.Name}", errors);
            }
            else if (!schema.TryGetProperty("additionalProperties", out var others) || others.ValueKind == JsonValueKind.False)
            {
                errors.Add($"{at}.{property.Name} is not described");
            }
        }
    }

    private JsonElement Resolve(string reference) =>
        reference.Split('/').Skip(1).Aggregate(document, (node, name) => node.GetProperty(name));

    private static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!) : [type.GetString()!];

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
