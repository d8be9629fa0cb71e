using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Prediction;
using Pipeline.Medallion.Scheduling;
using YamlDotNet.RepresentationModel;

namespace Pipeline.Medallion.Tests.Definitions;

/// <summary>pipeline.schema.json says what the loader takes.</summary>
public sealed class PipelineSchemaTests
{
    private static readonly JsonNode Schema = JsonNode.Parse(System.IO.File.ReadAllText(Path.Combine(MedallionFixture.ShippedPipelines, "pipeline.schema.json"))) ?? new JsonObject();

    public static TheoryData<string, string[]> Keys => new()
    {
        { "", PipelineKeys.File },
        { "source", PipelineKeys.Source },
        { "rest", PipelineKeys.RestRequest },
        { "restPages", PipelineKeys.RestPages },
        { "partition", PipelineKeys.Partition },
        { "column", PipelineKeys.Column },
        { "rule", PipelineKeys.Rule },
        { "model", PipelineKeys.Model },
        { "history", PipelineKeys.History },
        { "modelColumn", PipelineKeys.ModelColumn },
        { "metric", PipelineKeys.Metric },
        { "schedule", PipelineKeys.Schedule },
        { "maintenance", PipelineKeys.Maintenance },
        { "aggregate", PipelineKeys.Aggregate },
        { "serve", PipelineKeys.Serve },
        { "rfm", PipelineKeys.Rfm },
        { "clusters", PipelineKeys.Clusters },
        { "forecast", PipelineKeys.Forecast },
        { "prediction", PipelineKeys.Prediction },
        { "anomalies", PipelineKeys.Anomalies },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public void Schema_Keys_AreThoseOfTheLoader(string definition, string[] keys)
    {
        var node = definition.Length == 0 ? Schema : Schema["$defs"]![definition]!;

        Assert.Equal(keys, node["properties"]!.AsObject().Select(p => p.Key));
        Assert.False(node["additionalProperties"]!.GetValue<bool>());
        Assert.All(node["properties"]!.AsObject(), p => Assert.True(p.Value!["description"] is not null, p.Key));
    }

    [Fact]
    public void Schema_Choices_AreThoseOfTheLoader()
    {
        Assert.Equal(Names<FileFormat>(), Choices("source", "format"));
        Assert.Equal(Names<LoadMode>(), Choices("source", "load"));
        Assert.Equal(Names<RuleOutcome>(), Choices("rule", "otherwise"));
        Assert.Equal(Names<ModelDelete>(), Choices("model", "delete"));
        Assert.Equal(Names<MissedRuns>(), Choices("schedule", "missed"));
        Assert.Equal(Names<ServeMode>(), Choices("serve", "mode"));
        Assert.Equal(Names<MartGrain>(), Choices("forecast", "grain"));
        Assert.Equal(Names<MartGrain>(), Choices("anomalies", "grain"));
        Assert.Equal(Names<Trend>(), Choices("forecast", "trend"));
        Assert.Equal(Names<Season>(), Choices("forecast", "season"));
        Assert.Equal(Names<FeatureScale>(), Choices("feature", "scale").Select(c => c.ToLowerInvariant()));
        Assert.Equal(typeof(FeatureColumn).GetProperties().Select(p => char.ToLowerInvariant(p.Name[0]) + p.Name[1..]).Except(["column"]).Order(StringComparer.Ordinal), Schema["$defs"]!["feature"]!["properties"]!.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.Equal(PipelineKeys.Connectors, Choices("source", "connector"));
        Assert.Equal(PipelineKeys.PartitionParts, Schema["$defs"]!["partition"]!["properties"]!["as"]!["items"]!["enum"]!.AsArray().Select(c => c!.GetValue<string>()));

        static IEnumerable<string> Names<T>()
            where T : struct, Enum => Enum.GetNames<T>().Select(n => n.ToLowerInvariant());

        static IEnumerable<string> Choices(string definition, string key) => Schema["$defs"]![definition]!["properties"]![key]!["enum"]!.AsArray().Select(c => c!.GetValue<string>());
    }

    [Fact]
    public void Northwind_Satisfies() => Assert.Empty(Validate(Yaml(System.IO.File.ReadAllText(Path.Combine(MedallionFixture.ShippedPipelines, "northwind", "pipeline.yaml")))));

    [Fact]
    public void ClientSales_Satisfies() => Assert.Empty(Validate(Yaml(System.IO.File.ReadAllText(Path.Combine(MedallionFixture.ShippedPipelines, "client-sales", "pipeline.yaml")))));

    [Theory]
    [InlineData("name: Shop\nsources: {a: {connector: file, path: x}}", "$.name")]
    [InlineData("name: shop\nsources: {a: {connector: ftp, path: x}}", "$.sources.a.connector")]
    [InlineData("name: shop\nsources: {a: {connector: file, path: x, colums: {}}}", "$.sources.a.colums")]
    [InlineData("name: shop\nsources: {a: {connector: file}}", "$.sources.a")]
    [InlineData("name: shop\nsources: {a: {connector: file, path: x, key: id}}", "$.sources.a.key")]
    [InlineData("name: shop\nsources: {a: {connector: eventhub, score: load}}", "$.sources.a.score")]
    [InlineData("name: shop\nsources: {a: {connector: file, path: x, columns: {b: {type: bigint, required: maybe}}}}", "$.sources.a.columns.b.required")]
    [InlineData("name: shop\nsources: {a: {connector: file, path: x, columns: {b: {type: bigint, from: B, expr: B}}}}", "$.sources.a.columns.b")]
    [InlineData("name: shop\nsources: {A: {connector: file, path: x}}", "$.sources.A")]
    [InlineData("name: shop\nsources: {a: {connector: file, path: x, partition: {by: b, as: [week]}}}", "$.sources.a.partition.as[0]")]
    [InlineData("name: shop\nschedule: {time_zone: UTC}\nsources: {a: {connector: file, path: x}}", "$.schedule")]
    [InlineData("name: shop\nsources: {a: {connector: file, path: x}}\nmaintenance: {retention: {bronze.a: 90d}}", "$.maintenance.retention.bronze.a")]
    [InlineData("name: shop\nsources: {a: {connector: file, path: x}}\nmaintenance: {retention: {silver.a: 90}}", "$.maintenance.retention.silver.a")]
    [InlineData("name: shop\nsources: {a: {connector: file, path: x}}\nmodels: {gold.m: {columns: {b: what it is}}}", "$.models.gold.m.columns.b")]
    [InlineData("name: shop", "$")]
    public void BadDefinition_DoesNotSatisfy(string yaml, string place) => Assert.Contains(place, Validate(Yaml(yaml)));

    private static IReadOnlyList<string> Validate(JsonNode document)
    {
        var places = new List<string>();
        Check(document, Schema, "$", places);
        return places;
    }

    // The keywords that the schema uses, and no other: an unknown one fails.
    private static void Check(JsonNode? value, JsonNode schema, string at, List<string> places)
    {
        foreach (var (keyword, rule) in schema.AsObject())
        {
            var holds = keyword switch
            {
                "$schema" or "$defs" or "title" or "description" or "default" or "properties" or "then" => true,
                "$ref" => Follow(rule!.GetValue<string>()),
                "type" => (rule is JsonArray several ? several.Select(t => t!.GetValue<string>()) : [rule!.GetValue<string>()]).Any(t => t == TypeOf(value) || (t == "integer" && IsWhole(value))),
                "enum" => rule!.AsArray().Any(c => JsonNode.DeepEquals(c, value)),
                "pattern" => value is not JsonValue || Regex.IsMatch(value.ToString(), rule!.GetValue<string>()),
                "exclusiveMinimum" => TypeOf(value) is not ("number" or "integer") || value!.AsValue().GetValue<decimal>() > rule!.GetValue<decimal>(),
                "exclusiveMaximum" => TypeOf(value) is not ("number" or "integer") || value!.AsValue().GetValue<decimal>() < rule!.GetValue<decimal>(),
                "minimum" => TypeOf(value) is not ("number" or "integer") || value!.AsValue().GetValue<decimal>() >= rule!.GetValue<decimal>(),
                "maximum" => TypeOf(value) is not ("number" or "integer") || value!.AsValue().GetValue<decimal>() <= rule!.GetValue<decimal>(),
                "minLength" => value is not JsonValue || value.ToString().Length >= rule!.GetValue<int>(),
                "minItems" => value is not JsonArray items || items.Count >= rule!.GetValue<int>(),
                "maxItems" => value is not JsonArray few || few.Count <= rule!.GetValue<int>(),
                "minProperties" => value is not JsonObject map || map.Count >= rule!.GetValue<int>(),
                "required" => value is not JsonObject owner || rule!.AsArray().All(k => owner.ContainsKey(k!.GetValue<string>())),
                "if" => Nested(value, rule!).Count > 0 || Nested(value, schema["then"]!).Count == 0,
                "not" => Nested(value, rule!).Count > 0,
                "items" => Each(value as JsonArray, rule!),
                "propertyNames" => Names(value as JsonObject, rule!),
                "additionalProperties" => Others(value as JsonObject, rule!),
                _ => throw new NotSupportedException($"The schema uses '{keyword}'."),
            };
            if (!holds)
            {
                places.Add(at);
            }
        }

        foreach (var (key, inner) in schema["properties"]?.AsObject() ?? [])
        {
            if (value is JsonObject map && map.TryGetPropertyValue(key, out var child))
            {
                Check(child, inner!, $"{at}.{key}", places);
            }
        }

        bool Follow(string reference)
        {
            Check(value, Schema["$defs"]![reference["#/$defs/".Length..]]!, at, places);
            return true;
        }

        bool Each(JsonArray? items, JsonNode rule)
        {
            foreach (var (item, i) in (items ?? []).Select((item, i) => (item, i)))
            {
                Check(item, rule, $"{at}[{i}]", places);
            }

            return true;
        }

        bool Names(JsonObject? map, JsonNode rule)
        {
            foreach (var (key, _) in map ?? [])
            {
                Check(JsonValue.Create(key), rule, $"{at}.{key}", places);
            }

            return true;
        }

        bool Others(JsonObject? map, JsonNode rule)
        {
            foreach (var (key, child) in (map ?? []).Where(p => schema["properties"]?.AsObject().ContainsKey(p.Key) != true))
            {
                if (rule is JsonValue)
                {
                    places.Add($"{at}.{key}");
                }
                else
                {
                    Check(child, rule, $"{at}.{key}", places);
                }
            }

            return true;
        }
    }

    private static List<string> Nested(JsonNode? value, JsonNode rule)
    {
        var found = new List<string>();
        Check(value, rule, "", found);
        return found;
    }

    private static bool IsWhole(JsonNode? value) => TypeOf(value) == "number" && decimal.IsInteger(value!.AsValue().GetValue<decimal>());

    private static string TypeOf(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => value.GetValueKind() switch { System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => "boolean", System.Text.Json.JsonValueKind.Number => "number", _ => "string" },
    };

    // As an editor reads YAML: plain scalars are booleans and numbers where they look like it.
    private static JsonNode Yaml(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return Read(stream.Documents[0].RootNode) ?? new JsonObject();

        static JsonNode? Read(YamlNode node) => node switch
        {
            YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value ?? "", Read(c.Value)))),
            YamlSequenceNode list => new JsonArray([.. list.Children.Select(Read)]),
            YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
            YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain } plain when decimal.TryParse(plain.Value, System.Globalization.CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            YamlScalarNode scalar => JsonValue.Create(scalar.Value),
            _ => null,
        };
    }
}
