using System.Text.Json;

namespace Pipeline.LakeTesting;

/// <summary>The specification's "Schema Serialization Format" and "Delta Data Type to Parquet Type Mappings", in the words of a DuckDB that reads such Parquet.</summary>
internal static class SpecSchema
{
    public static IReadOnlyList<SpecColumn> Columns(string schema)
    {
        using var json = JsonDocument.Parse(schema);
        return json.RootElement.GetProperty("type").GetString() == "struct" ? Fields(json.RootElement) : throw new SpecViolationException($"The schema is no struct: {schema}");
    }

    private static List<SpecColumn> Fields(JsonElement type) =>
        [.. type.GetProperty("fields").EnumerateArray().Select(field => new SpecColumn(
            field.GetProperty("name").GetString() ?? "", Type(field.GetProperty("type")), field.GetProperty("nullable").GetBoolean()))];

    private static string Type(JsonElement type) => type.ValueKind == JsonValueKind.String
        ? Primitive(type.GetString() ?? "")
        : type.GetProperty("type").GetString() switch
        {
            "array" => $"{Type(type.GetProperty("elementType"))}[]",
            "map" => $"MAP({Type(type.GetProperty("keyType"))}, {Type(type.GetProperty("valueType"))})",
            "struct" => $"STRUCT({string.Join(", ", Fields(type).Select(field => $"{SpecTable.Name(field.Name)} {field.DuckDbType}"))})",
            var other => throw new SpecViolationException($"The schema has the type {other}."),
        };

    private static string Primitive(string name) => name switch
    {
        "string" => "VARCHAR",
        "long" => "BIGINT",
        "integer" => "INTEGER",
        "short" => "SMALLINT",
        "byte" => "TINYINT",
        "float" => "FLOAT",
        "double" => "DOUBLE",
        "boolean" => "BOOLEAN",
        "binary" => "BLOB",
        "date" => "DATE",
        "timestamp" => "TIMESTAMP WITH TIME ZONE",
        _ when name.StartsWith("decimal(", StringComparison.Ordinal) => name.ToUpperInvariant(),
        _ => throw new SpecViolationException($"The schema has the type {name}."),
    };
}
