using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Pipeline.App.Api;
using Pipeline.Medallion.Definitions;

namespace Pipeline.App.OpenApi;

/// <summary>JSON Schemas of the API's records, made from the records themselves; each record is a component of its own.</summary>
internal sealed class Schemas
{
    private static readonly JsonSerializerOptions Written = new(Medallion.Json.Options) { NumberHandling = JsonNumberHandling.Strict };
    private readonly SortedDictionary<string, JsonNode> components = new(StringComparer.Ordinal);

    public JsonObject Components => new(components.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value.DeepClone())));

    /// <summary>The schema of what the API takes.</summary>
    public JsonNode OfBody(Type type) => Export(Requests.BodyOptions, type, requireAll: false);

    /// <summary>The schema of what the API answers: what can be null is left out instead, everything else is there.</summary>
    public JsonNode OfAnswer(Type type) => Export(Written, type, requireAll: true);

    /// <summary>Whether there must be a body: a record that was described has properties that must be there, or any JSON is taken.</summary>
    public bool HasRequired(Type type) => !components.TryGetValue(type.Name, out var schema) || schema["required"] is not null;

    private JsonNode Export(JsonSerializerOptions options, Type type, bool requireAll) => options.GetJsonSchemaAsNode(type, Exporter(requireAll));

    private JsonSchemaExporterOptions Exporter(bool requireAll) => new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, schema) => Transform(context, schema, requireAll),
    };

    private JsonNode Transform(JsonSchemaExporterContext context, JsonNode schema, bool requireAll)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        if (type == typeof(TableKey))
        {
            return OfTableKey();
        }

        if (schema is not JsonObject described)
        {
            return schema;
        }

        if (context.PropertyInfo is not null && described["type"] is JsonArray types && types.Any(t => (string?)t == "null"))
        {
            described["type"] = (string?)types.First(t => (string?)t != "null");
        }

        if (context.TypeInfo.ElementType == typeof(TableKey))
        {
            // The exporter leaves out the items of whose type it knows nothing.
            described["items"] = OfTableKey();
        }

        if (type.IsEnum)
        {
            return new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(n => (JsonNode)JsonNamingPolicy.CamelCase.ConvertName(n))]) };
        }

        if (described.ContainsKey("$ref") && context.TypeInfo is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } element })
        {
            // A list that occurs again: the exporter refers to a place that is no longer there.
            var isRecord = context.TypeInfo.Options.GetTypeInfo(element).Kind == JsonTypeInfoKind.Object;
            return new JsonObject
            {
                ["type"] = "array",
                ["items"] = isRecord ? new JsonObject { ["$ref"] = $"#/components/schemas/{element.Name}" } : context.TypeInfo.Options.GetJsonSchemaAsNode(element, Exporter(requireAll)),
            };
        }

        return context.TypeInfo.Kind == JsonTypeInfoKind.Object ? AsComponent(context.TypeInfo, described, requireAll) : described;
    }

    private static JsonObject OfTableKey() => new() { ["type"] = "string", ["pattern"] = $"^({string.Join('|', TableKey.Layers)}|{TableKey.Serve})\\.[a-z_][a-z0-9_]*$" };

    private JsonObject AsComponent(JsonTypeInfo type, JsonObject schema, bool requireAll)
    {
        if (schema.ContainsKey("$ref"))
        {
            // A record that occurs again in the same answer: the exporter refers to a place that is no longer there.
            return new JsonObject { ["$ref"] = $"#/components/schemas/{type.Type.Name}" };
        }

        if (requireAll)
        {
            schema["required"] = new JsonArray([.. type.Properties.Where(p => !p.IsGetNullable && Nullable.GetUnderlyingType(p.PropertyType) is null).Select(p => (JsonNode)p.Name)]);
        }

        components[type.Type.Name] = schema;
        return new JsonObject { ["$ref"] = $"#/components/schemas/{type.Type.Name}" };
    }
}
