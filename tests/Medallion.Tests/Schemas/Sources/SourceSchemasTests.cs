using System.Text.Json.Nodes;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Schemas;

namespace Pipeline.Medallion.Tests.Schemas.Sources;

public sealed class SourceSchemasTests(MedallionFixture medallion)
{
    private const string Detected = """
        sources:
          items:
            connector: file
            path: $/*.ndjson
        """;

    private const string Declared = """
        sources:
          items:
            connector: file
            path: $/*.csv
            columns:
              id: {from: Id, type: bigint, required: true, min: 1}
              price: {type: "decimal(9,2)", default: 0}
              day: {type: date, format: '%d.%m.%Y', description: When.}
              sort: {type: varchar, in: [a, b], pattern: "[ab]"}
              twice: {expr: "price::double * 2", type: double}
        """;

    /// <summary>Nobody listens there.</summary>
    private const string Nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;";

    private readonly SchemaRegistry registry = medallion.Floor.GetRequiredService<SchemaRegistry>();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_NoContract_RegistersWhatWasDetected()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Detected);
        await pipeline.LandAsync("a.ndjson", $$"""
            {"id": 1, "name": "{{new string('x', 120)}}", "on": "2026-01-31", "at": {"street": "a", "no": 1}, "tags": ["x"], "none": null}
            {"id": 2, "name": "two", "on": "2026-02-01", "at": {"street": null, "zip": "1"}, "tags": [], "none": null}
            {"id": 3, "name": null, "on": "2026-02-01", "at": {"street": "c", "no": 2.5}, "tags": ["x", "y"], "none": null}
            {"id": 4, "name": "four", "on": "2026-02-01", "at": {"street": "c"}, "tags": ["x", "y"], "none": null}
            {"id": 5, "name": "five", "on": "2026-02-01", "at": {"street": "c"}, "tags": ["x", "y"], "none": null}
            """);

        await pipeline.SucceedAsync();

        await IsAsync(pipeline, 1, $$"""
            {"type": "object", "additionalProperties": false, "properties": {
              "id": {"type": "integer", "examples": ["1", "2", "3"]},
              "name": {"type": ["string", "null"], "examples": ["{{new string('x', 100)}}", "two", "four"]},
              "on": {"type": "string", "format": "date", "examples": ["2026-01-31", "2026-02-01"]},
              "at": {"type": "object", "additionalProperties": false, "properties": {
                "street": {"type": ["string", "null"]}, "no": {"type": ["number", "null"]}, "zip": {"type": ["string", "null"]}
              }, "examples": ["{\"street\":\"a\",\"no\":1}", "{\"street\":null,\"zip\":\"1\"}", "{\"street\":\"c\",\"no\":2.5}"]},
              "tags": {"type": "array", "items": {"type": "string"}, "examples": ["[\"x\"]", "[]", "[\"x\",\"y\"]"]},
              "none": {"type": ["string", "null"]}
            } }
            """);
        Assert.Equal(["schema.registered 1"], await EventsAsync(pipeline));
    }

    [Fact]
    public async Task Run_ColumnsAppearInFiles_AreANewVersionOnce()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Detected);
        await pipeline.LandAsync("a.ndjson", """{"id": 1, "at": {"no": 1}}""");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("b.ndjson", """{"id": 2, "at": {"no": 2}}""");
        await pipeline.SucceedAsync();
        Assert.Equal(["schema.registered 1"], await EventsAsync(pipeline));

        await pipeline.LandAsync("c.ndjson", """{"id": 3, "at": {"no": 3, "zip": "x"}, "label": "new"}""");
        var report = await new RunDriver(medallion.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), Cancelled);

        Assert.Equal(RunStatus.Succeeded, report.Run.Status);
        Assert.Equal(["schema.registered 1", "schema.changed 2 at.zip:FIELD_ADDED label:FIELD_ADDED"], await EventsAsync(pipeline));
        var latest = JsonNode.Parse((await registry.FindAsync($"{pipeline.Name}.items", "latest", deleted: false, Cancelled)).Schema.Text)!["properties"]!;
        Assert.Equal("""["string","null"]""", latest["label"]!["type"]!.ToJsonString());
        Assert.Equal("\"integer\"", latest["id"]!["type"]!.ToJsonString());
    }

    [Fact]
    public async Task Run_KeysAreData_AreNotDescribed()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Detected);
        await pipeline.LandAsync("a.ndjson", $$"""{"of": { {{string.Join(", ", Enumerable.Range(0, 3000).Select(i => $"\"key{i}\": 1"))}} } }""");

        await pipeline.SucceedAsync();

        var found = (await registry.FindAsync($"{pipeline.Name}.items", "latest", deleted: false, Cancelled)).Schema.Text;
        Assert.Equal(["examples"], JsonNode.Parse(found)!["properties"]!["of"]!.AsObject().Select(k => k.Key));
    }

    [Fact]
    public async Task Run_NestedParquet_IsDescribed()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Detected.Replace("ndjson", "parquet", StringComparison.Ordinal));
        await pipeline.LandAsync("a.parquet", Parquet("select 1::integer as id, {'street': 'a', 'nos': [1, 2]} as at, true as paid, 1.5::decimal(9,2) as price"));

        await pipeline.SucceedAsync();

        await IsAsync(pipeline, 1, """
            {"type": "object", "additionalProperties": false, "properties": {
              "id": {"type": "integer", "examples": ["1"]},
              "at": {"type": "object", "additionalProperties": false, "properties": {
                "street": {"type": ["string", "null"]}, "nos": {"type": ["array", "null"], "items": {"type": "integer"}}
              }, "examples": ["{'street': a, 'nos': [1, 2]}"]},
              "paid": {"type": "boolean", "examples": ["true"]},
              "price": {"type": "number", "x-type": "decimal(9,2)", "examples": ["1.50"]}
            } }
            """);
    }

    [Fact]
    public async Task Run_Columns_AreRegisteredAsRawFields()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Declared);
        await pipeline.LandAsync("a.csv", "Id,price,day,sort\n1,1.5,31.01.2026,a\n");

        await pipeline.SucceedAsync();

        await IsAsync(pipeline, 1, """
            {"type": "object", "additionalProperties": false, "required": ["Id"], "properties": {
              "Id": {"type": "integer", "minimum": 1},
              "price": {"type": ["number", "null"], "x-type": "decimal(9,2)", "default": 0},
              "day": {"type": ["string", "null"], "description": "When."},
              "sort": {"type": ["string", "null"], "enum": ["a", "b", null], "pattern": "^(?:[ab])$"}
            } }
            """);
    }

    [Fact]
    public async Task Run_ContractChanges_IsToldFieldByField()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Declared);
        await pipeline.LandAsync("a.csv", "Id,price,day,sort\n1,1.5,31.01.2026,a\n");
        await pipeline.SucceedAsync();
        await pipeline.DefineAsync(Declared.Replace("min: 1", "min: 0", StringComparison.Ordinal).Replace("in: [a, b]", "in: [a, b, c]", StringComparison.Ordinal) + "\n      more: {type: boolean}");
        await pipeline.SucceedAsync();
        await pipeline.SucceedAsync();

        await pipeline.DefineAsync(Declared.Replace("type: bigint", "type: varchar", StringComparison.Ordinal).Replace(", min: 1", "", StringComparison.Ordinal));
        var report = await new RunDriver(medallion.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), Cancelled);

        Assert.Equal(RunStatus.Succeeded, report.Run.Status);
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(report["silver.items"].Note!, "is not registered"));
        Assert.Contains("does not go with earlier versions, and is not registered: TYPE_CHANGED at #/properties/Id", report["silver.items"].Note, StringComparison.Ordinal);
        var events = await EventsAsync(pipeline);
        Assert.Equal(["schema.registered 1", "schema.changed 2 Id:MINIMUM_CHANGED sort:ENUM_CHANGED more:FIELD_ADDED"], events.Take(2));
        Assert.StartsWith("schema.incompatible 2 Id:TYPE_CHANGED Id:MINIMUM_REMOVED", Assert.Single(events.Skip(2)), StringComparison.Ordinal);
        Assert.Equal([1, 2], await registry.VersionsAsync($"{pipeline.Name}.items", deleted: true, Cancelled));
        var changed = (await ReadAsync(pipeline))[1];
        Assert.Equal("""{"field":"Id","rule":"MINIMUM_CHANGED","old":"1","new":"0"}""", changed.Data["differences"][0].GetRawText());
        Assert.Contains("becomes version 2. Id: MINIMUM_CHANGED, was 1, is 0", changed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_SchemaFile_HoldsRowsToItAndIsRegisteredClosed()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, """
            sources:
              items:
                connector: file
                path: $/*.csv
                schema: schemas/items.json
                columns:
                  sort: {type: varchar, in: [a, b]}
            """);
        await pipeline.WriteDefinitionAsync("schemas/items.json", """
            {"title": "Items", "type": "object", "required": ["ItemID", "sort"], "properties": {
              "ItemID": {"type": "string", "pattern": "^I[0-9]+$"},
              "price": {"type": "number", "multipleOf": 0.01, "minimum": 0.5},
              "sort": {"type": "string"}
            } }
            """);
        await pipeline.LandAsync("a.csv", "ItemID,price,sort\nI1,1.50,a\nX1,1,a\nI2,0.1,a\n,1,a\nI3,,c\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["I1|1.50|a"], await pipeline.QueryAsync("select item_id, price::varchar, sort from silver.items"));
        Assert.Equal(["2|item_id-pattern:item_id:X1", "3|price-range:price:0.1", "4|item_id-required:item_id", "5|sort-in:sort:c"], (await pipeline.RejectedAsync("items")).Select(r => r.TrimEnd(':')));
        await IsAsync(pipeline, 1, """
            {"title": "Items", "type": "object", "additionalProperties": false, "required": ["ItemID"], "properties": {
              "ItemID": {"type": "string", "pattern": "^I[0-9]+$"},
              "price": {"type": "number", "multipleOf": 0.01, "minimum": 0.5},
              "sort": {"type": ["string", "null"], "enum": ["a", "b", null]}
            } }
            """);
    }

    [Fact]
    public async Task Run_RegistryIsDown_SucceedsWithout()
    {
        var options = new TableClientOptions();
        options.Retry.MaxRetries = 0;
        var floor = medallion.Compose(TimeProvider.System, services => services.AddSingleton(new SchemaRegistry(new TableServiceClient(Nowhere, options))));
        var pipeline = (await TestPipeline.CreateAsync(medallion, Detected)).On(floor);
        await pipeline.LandAsync("a.ndjson", """{"id": 1}""");

        await pipeline.SucceedAsync();

        Assert.Equal("1", await pipeline.ScalarAsync("select count(*) from silver.items"));
        Assert.Empty(await EventsAsync(pipeline));
    }

    private byte[] Parquet(string sql)
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using (var session = medallion.Floor.GetRequiredService<Engine>().OpenSession())
        {
            session.Execute($"copy ({sql}) to '{file}' (format parquet)", Cancelled);
        }

        var bytes = System.IO.File.ReadAllBytes(file);
        System.IO.File.Delete(file);
        return bytes;
    }

    private async Task IsAsync(TestPipeline pipeline, int version, string expected)
    {
        var found = await registry.FindAsync($"{pipeline.Name}.items", "latest", deleted: false, Cancelled);
        Assert.Equal(version, found.Version);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(found.Schema.Text)), found.Schema.Text);
    }

    private async Task<IReadOnlyList<PipelineEvent>> ReadAsync(TestPipeline pipeline) =>
        (await medallion.Floor.GetRequiredService<EventLog>().ReadAsync(new EventFilter { Type = "schema", Source = pipeline.Name }, 0, EventLog.MaxLimit, Cancelled)).Events;

    private async Task<IReadOnlyList<string>> EventsAsync(TestPipeline pipeline) => [.. (await ReadAsync(pipeline)).Select(e => string.Join(' ', [
        e.Type,
        $"{e.Data["version"]}",
        .. e.Data.TryGetValue("differences", out var differences) ? differences.EnumerateArray().Select(d => $"{d.GetProperty("field")}:{d.GetProperty("rule")}") : []]))];
}
