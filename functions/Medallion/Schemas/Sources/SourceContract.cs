using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Schemas.Sources;

/// <summary>What arrives for a source, as a JSON Schema: its contract, or what was detected.</summary>
internal static class SourceContract
{
    /// <summary>The annotation that tells a column's type where JSON Schema has no word for it.</summary>
    public const string ExactType = "x-type";

    /// <summary>The contract of a source: its schema file, with what the columns of pipeline.yaml add to or change in it.</summary>
    public static string Of(SourceDefinition source)
    {
        var schema = source.Schema is { } file && JsonNode.Parse(file.Text) is JsonObject said ? said : new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() };
        schema["additionalProperties"] ??= false;
        var properties = schema["properties"]?.AsObject() ?? [];
        var required = schema["required"]?.AsArray().Select(n => (string?)n ?? "").ToList() ?? [];
        foreach (var column in source.Columns.Where(c => c.From is not null && c.Line.File != source.Schema?.Path).DistinctBy(c => c.From, StringComparer.OrdinalIgnoreCase))
        {
            foreach (var replaced in properties.Select(p => p.Key).Where(k => ColumnNames.ForSilver(k) == column.Name).ToList())
            {
                properties.Remove(replaced);
                required.Remove(replaced);
            }

            var name = properties.Select(p => p.Key).FirstOrDefault(k => string.Equals(k, column.From, StringComparison.OrdinalIgnoreCase)) ?? column.From ?? column.Name;
            properties[name] = Describe(column);
            required.Remove(name);
            if (column.Required)
            {
                required.Add(name);
            }
        }

        if (required.Count == 0)
        {
            schema.Remove("required");
        }
        else
        {
            schema["required"] = Strings(required);
        }

        return schema.ToJsonString();
    }

    /// <summary>What was detected.</summary>
    public static string Of(IReadOnlyList<DetectedColumn> columns)
    {
        var properties = new JsonObject();
        foreach (var column in columns)
        {
            var described = column.Structure is { } structure ? OfStructure(JsonNode.Parse(structure)) : Describe(DeltaTypes.FromDuckDb(column.Name, column.Type));
            if (column.Nullable)
            {
                AddNull(described);
            }

            if (column.Examples is { } examples)
            {
                described["examples"] = Strings(examples);
            }

            properties[column.Name] = described;
        }

        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false }.ToJsonString();
    }

    private static JsonObject Describe(ColumnDefinition column)
    {
        var described = Describe(DeltaTypes.FromDuckDb(column.Name, column.Type));
        var isNumber = (string?)described["type"] is "number" or "integer";
        if (column.Format is not null)
        {
            // It is written in its own way.
            described.Remove("format");
        }

        if (isNumber)
        {
            AddNumber(described, "minimum", column.Min);
            AddNumber(described, "maximum", column.Max);
        }

        if (column.In.Count > 0)
        {
            described["enum"] = new JsonArray([.. column.In.Select(v => Value(v, isNumber))]);
        }

        if (column.Default is { } value)
        {
            described["default"] = Value(value, isNumber);
        }

        Add(described, "pattern", column.Pattern is { } pattern ? $"^(?:{pattern})$" : null);
        Add(described, "description", column.Description);
        if (!column.Required)
        {
            AddNull(described);
        }

        return described;
    }

    private static JsonObject Describe(DeltaType type) => type switch
    {
        ArrayType list => new JsonObject { ["type"] = "array", ["items"] = Describe(list.Element) },
        MapType map => new JsonObject { ["type"] = "object", ["additionalProperties"] = Describe(map.Value) },
        StructType fields => OfFields(fields.Schema.Fields.Select(f => KeyValuePair.Create(f.Name, Describe(f.Type)))),
        PrimitiveType { Name: "boolean" } => new JsonObject { ["type"] = "boolean" },
        PrimitiveType { Name: "date" } => new JsonObject { ["type"] = "string", ["format"] = "date" },
        PrimitiveType { Name: "timestamp" } => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
        PrimitiveType { Name: "byte" or "short" or "integer" or "long" } => new JsonObject { ["type"] = "integer" },
        PrimitiveType { Name: "float" or "double" } => new JsonObject { ["type"] = "number" },
        PrimitiveType { Name: var name } when name.StartsWith("decimal", StringComparison.Ordinal) => new JsonObject { ["type"] = "number", [ExactType] = name },
        _ => new JsonObject { ["type"] = "string" },
    };

    // As json_structure of DuckDB tells it: {"a": "UBIGINT", "b": ["VARCHAR"]}.
    private static JsonObject OfStructure(JsonNode? structure) => structure switch
    {
        JsonObject fields => OfFields(fields.Select(f => KeyValuePair.Create(f.Key, OfStructure(f.Value)))),
        JsonArray list => new JsonObject { ["type"] = "array", ["items"] = list.Count == 0 ? [] : OfStructure(list[0]) },
        _ => (string?)structure switch
        {
            "BIGINT" or "UBIGINT" or "HUGEINT" => new JsonObject { ["type"] = "integer" },
            "DOUBLE" => new JsonObject { ["type"] = "number" },
            "BOOLEAN" => new JsonObject { ["type"] = "boolean" },
            "VARCHAR" => new JsonObject { ["type"] = "string" },
            _ => [],
        },
    };

    private static JsonObject OfFields(IEnumerable<KeyValuePair<string, JsonObject>> fields)
    {
        var properties = new JsonObject();
        foreach (var (name, field) in fields)
        {
            AddNull(field);
            properties[name] = field;
        }

        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
    }

    private static void AddNull(JsonObject schema)
    {
        if (schema["type"] is JsonValue type)
        {
            schema["type"] = new JsonArray((string?)type, "null");
            (schema["enum"] as JsonArray)?.Add(null);
        }
    }

    private static void AddNumber(JsonObject schema, string keyword, string? text)
    {
        if (text is not null && Number(text) is { } number)
        {
            schema[keyword] = number;
        }
    }

    private static void Add(JsonObject schema, string keyword, string? text)
    {
        if (text is not null)
        {
            schema[keyword] = text;
        }
    }

    private static JsonValue? Value(string text, bool isNumber) => (isNumber ? Number(text) : null) ?? JsonValue.Create(text);

    private static JsonValue? Number(string text) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : null;

    private static JsonArray Strings(IEnumerable<string> texts) => new([.. texts.Select(t => JsonValue.Create(t))]);
}
