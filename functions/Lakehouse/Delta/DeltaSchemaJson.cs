using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Lakehouse.Delta;

/// <summary>The specification's "Schema Serialization Format", both ways.</summary>
internal sealed class DeltaSchemaJson : JsonConverter<DeltaSchema>
{
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(DeltaType type)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            Write(writer, type);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    public static DeltaSchema Parse(string json)
    {
        if (json.Length == 0)
        {
            throw new TerminalException("The table's log names no schema (metaData.schemaString is empty): there is nothing that could be read or written.");
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return Parse(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new TerminalException($"The table's schema is not a schema of the Delta specification: {exception.Message}", exception);
        }
    }

    public override DeltaSchema Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return Parse(document.RootElement);
    }

    public override void Write(Utf8JsonWriter writer, DeltaSchema value, JsonSerializerOptions options) => Write(writer, new StructType(value));

    private static DeltaSchema Parse(JsonElement json) =>
        ReadType(json) is StructType { Schema: var schema } ? schema : throw new TerminalException($"The table's schema is a {json}; expected a "
            + "struct.");

    private static void Write(Utf8JsonWriter writer, DeltaType type)
    {
        if (type is PrimitiveType primitive)
        {
            writer.WriteStringValue(primitive.Name);
            return;
        }

        writer.WriteStartObject();
        switch (type)
        {
            case ArrayType array:
                writer.WriteString("type", "array");
                writer.WritePropertyName("elementType");
                Write(writer, array.Element);
                writer.WriteBoolean("containsNull", array.ContainsNull);
                break;
            case MapType map:
                writer.WriteString("type", "map");
                writer.WritePropertyName("keyType");
                Write(writer, map.Key);
                writer.WritePropertyName("valueType");
                Write(writer, map.Value);
                writer.WriteBoolean("valueContainsNull", map.ValueContainsNull);
                break;
            case StructType { Schema: var schema }:
                writer.WriteString("type", "struct");
                writer.WriteStartArray("fields");
                foreach (var field in schema.Fields)
                {
                    Write(writer, field);
                }

                writer.WriteEndArray();
                break;
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, DeltaField field)
    {
        writer.WriteStartObject();
        writer.WriteString("name", field.Name);
        writer.WritePropertyName("type");
        Write(writer, field.Type);
        writer.WriteBoolean("nullable", field.Nullable);
        writer.WriteStartObject("metadata");
        foreach (var (key, value) in field.Metadata)
        {
            writer.WritePropertyName(key);
            if (field.JsonMetadata.Contains(key))
            {
                writer.WriteRawValue(value);
            }
            else
            {
                writer.WriteStringValue(value);
            }
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static DeltaType ReadType(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String)
        {
            return DeltaTypes.Primitive(json.GetString() ?? "");
        }

        var name = json.GetProperty("type").GetString();
        return name switch
        {
            "array" => new ArrayType(ReadType(json.GetProperty("elementType")), Flag(json, "containsNull")),
            "map" => new MapType(ReadType(json.GetProperty("keyType")), ReadType(json.GetProperty("valueType")), Flag(json, "valueContainsNull")),
            "struct" => new StructType(new DeltaSchema { Fields = [.. json.GetProperty("fields").EnumerateArray().Select(ReadField)] }),
            _ => throw new TerminalException($"The table's schema has the type '{name}', which is not known here."),
        };
    }

    private static DeltaField ReadField(JsonElement json)
    {
        var metadata = json.TryGetProperty("metadata", out var found) && found.ValueKind == JsonValueKind.Object ? found.EnumerateObject().ToArray() : [];
        return new DeltaField
        {
            Name = json.GetProperty("name").GetString() ?? "",
            Type = ReadType(json.GetProperty("type")),
            Nullable = Flag(json, "nullable"),
            Metadata = metadata.ToDictionary(entry => entry.Name, entry => entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() ?? "" : entry.Value.GetRawText()),
            JsonMetadata = metadata.Where(entry => entry.Value.ValueKind != JsonValueKind.String).Select(entry => entry.Name).ToHashSet(),
        };
    }

    private static bool Flag(JsonElement json, string name) => !json.TryGetProperty(name, out var flag) || flag.GetBoolean();
}
