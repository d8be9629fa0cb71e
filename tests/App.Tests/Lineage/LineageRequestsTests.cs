using System.Text.Json;
using System.Text.Json.Nodes;

namespace Pipeline.App.Tests.Lineage;

public sealed class LineageRequestsTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task GetRunLineage_Northwind_TellsOfTheRunAndEveryStep()
    {
        var id = northwind.Seen[^1].GetProperty("id").GetString();

        var events = (await Api.GetAsync($"runs/{id}/lineage")).Body.EnumerateArray().ToList();

        Assert.All(events, e => Assert.Empty(OpenLineageSchema.Check(e)));
        Assert.Equal(2 + (2 * 26), events.Count);
        Assert.All(events.GroupBy(Run), run => Assert.Equal(["START", "COMPLETE"], run.Select(e => Text(e, "eventType"))));
        Assert.Equal(27, events.Select(Job).Distinct().Count());
        Assert.Equal("northwind", Job(events[0]));
        Assert.All(events.Where(e => Job(e) != "northwind"), e => Assert.Equal(Run(events[0]), e.GetProperty("run").GetProperty("facets").GetProperty("parent").GetProperty("run").GetProperty("runId").GetString()));
        var times = events.Select(e => e.GetProperty("eventTime").GetDateTimeOffset()).ToList();
        Assert.Equal(times.Order(), times);
        Assert.Equal((8, 34), (events[0].GetProperty("inputs").GetArrayLength(), events[0].GetProperty("outputs").GetArrayLength()));
    }

    [Fact]
    public async Task GetRunLineage_Model_HasSchemaLineageStatisticsAndSql()
    {
        var id = northwind.Seen[^1].GetProperty("id").GetString();

        var sales = (await Api.GetAsync($"runs/{id}/lineage")).Body.EnumerateArray().Single(e => Job(e) == "northwind.silver.sales" && Text(e, "eventType") == "COMPLETE");

        var output = sales.GetProperty("outputs").EnumerateArray().Single();
        var facets = output.GetProperty("facets");
        Assert.Equal(("abfss://silver@devstoreaccount1.dfs.core.windows.net", "northwind/sales"), (Text(output, "namespace"), Text(output, "name")));
        Assert.Equal(2155, output.GetProperty("outputFacets").GetProperty("outputStatistics").GetProperty("rowCount").GetInt32());
        Assert.True(output.GetProperty("outputFacets").GetProperty("outputStatistics").GetProperty("size").GetInt64() > 1000);
        Assert.Equal("0", Text(facets.GetProperty("version"), "datasetVersion"));
        var total = facets.GetProperty("schema").GetProperty("fields").EnumerateArray().Last();
        Assert.Equal(("line_total", "decimal(18,4)", "Price times quantity, less the discount"), (Text(total, "name"), Text(total, "type"), Text(total, "description")));
        Assert.Equal(
            ["northwind/order_details.discount DIRECT TRANSFORMATION", "northwind/order_details.quantity DIRECT TRANSFORMATION", "northwind/order_details.unit_price DIRECT TRANSFORMATION"],
            Fields(facets.GetProperty("columnLineage").GetProperty("fields").GetProperty("line_total").GetProperty("inputFields")));
        Assert.Contains("northwind/orders.order_id INDIRECT JOIN, INDIRECT SORT", Fields(facets.GetProperty("columnLineage").GetProperty("dataset")));
        Assert.StartsWith("select", Text(sales.GetProperty("job").GetProperty("facets").GetProperty("sql"), "query"), StringComparison.Ordinal);
        var inputs = sales.GetProperty("inputs").EnumerateArray().ToList();
        Assert.Equal(["northwind/categories", "northwind/customers", "northwind/order_details", "northwind/orders", "northwind/products"], inputs.Select(i => Text(i, "name")));
        Assert.All(inputs, i => Assert.Equal("0", Text(i.GetProperty("facets").GetProperty("version"), "datasetVersion")));
    }

    [Fact]
    public async Task GetRunLineage_UnchangedAndFailedRuns_TellWhatHappened()
    {
        await northwind.App.DefineAsync("traced", models: ("gold/broken", "select cast('x' || id as integer) as n from silver.items"));
        var failed = await EventsAsync("traced");
        await northwind.App.WriteAsync("pipelines", "traced/models/gold/broken.sql", "select id from silver.items");
        await Api.RunAsync("traced");
        var unchanged = await EventsAsync("traced");

        Assert.Equal(
            ["START traced", "START traced.bronze.items", "COMPLETE traced.bronze.items", "START traced.silver.items", "COMPLETE traced.silver.items", "START traced.gold.broken", "FAIL traced.gold.broken", "FAIL traced"],
            failed.Select(e => $"{Text(e, "eventType")} {Job(e)}"));
        Assert.Contains("Could not convert string 'x1'", Text(failed[^2].GetProperty("run").GetProperty("facets").GetProperty("errorMessage"), "message"), StringComparison.Ordinal);
        Assert.Contains("gold.broken", Text(failed[^1].GetProperty("run").GetProperty("facets").GetProperty("errorMessage"), "message"), StringComparison.Ordinal);
        Assert.Equal(["START traced", "COMPLETE traced"], unchanged.Select(e => $"{Text(e, "eventType")} {Job(e)}"));
        Assert.All(failed.Concat(unchanged), e => Assert.Empty(OpenLineageSchema.Check(e)));
    }

    [Fact]
    public async Task GetRunLineage_NoSuchRun_IsToldSo()
    {
        var answer = await Api.GetAsync("runs/northwind.1/lineage");

        Assert.Equal(404, answer.Status);
        Assert.Contains("There is no run 'northwind.1'", answer.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"eventType": "DONE"}""", "eventType is DONE")]
    [InlineData("""{"eventTime": "today"}""", "eventTime 'today' is no date-time")]
    [InlineData("""{"producer": "/me"}""", "producer '/me' is no uri")]
    [InlineData("""{"run": {"runId": "northwind.1"}}""", "runId 'northwind.1' is no uuid")]
    [InlineData("""{"job": {"name": "northwind"}}""", "job lacks namespace")]
    [InlineData("""{"run": null}""", "run is Null")]
    [InlineData("""{"inputs": {}}""", "inputs is Object")]
    [InlineData("""{"outputs": [{"namespace": "a", "name": "b", "facets": {"schema": {"fields": []}}}]}""", "schema has no _schemaURL")]
    [InlineData("""{"outputs": [{"namespace": "a", "name": "b", "outputFacets": {"outputStatistics": {"_producer": "urn:a:b", "_schemaURL": "https://openlineage.io/spec/facets/1-0-2/OutputStatisticsOutputDatasetFacet.json#/$defs/OutputStatisticsOutputDatasetFacet", "rowCount": "1"}}}]}""",
        "rowCount is String")]
    [InlineData("""{"outputs": [{"namespace": "a", "name": "b", "facets": {"columns": {"_producer": "urn:a:b", "_schemaURL": "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet", "fields": {"c": {"inputFields": [{"name": "t", "field": "c"}]}}}}}]}""",
        "columns has the schema of columnLineage", "inputFields[0] lacks namespace")]
    public async Task Schema_WrongEvent_IsFound(string change, params string[] expected)
    {
        var id = northwind.Seen[^1].GetProperty("id").GetString();
        var right = JsonNode.Parse((await Api.GetAsync($"runs/{id}/lineage")).Body[0].GetRawText())!.AsObject();
        Assert.Empty(OpenLineageSchema.Check(JsonSerializer.SerializeToElement(right)));
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
        {
            right[name] = value?.DeepClone();
        }

        var errors = OpenLineageSchema.Check(JsonSerializer.SerializeToElement(right));

        Assert.All(expected, e => Assert.Contains(errors, error => error.Contains(e, StringComparison.Ordinal)));
    }

    private async Task<IReadOnlyList<JsonElement>> EventsAsync(string pipeline)
    {
        var run = await Api.RunAsync(pipeline);
        return [.. (await Api.GetAsync($"runs/{run.GetProperty("id").GetString()}/lineage")).Body.EnumerateArray()];
    }

    private static string? Run(JsonElement told) => told.GetProperty("run").GetProperty("runId").GetString();

    private static string? Job(JsonElement told) => told.GetProperty("job").GetProperty("name").GetString();

    private static string? Text(JsonElement owner, string name) => owner.GetProperty(name).GetString();

    private static IEnumerable<string> Fields(JsonElement inputs) => inputs.EnumerateArray()
        .Select(i => $"{Text(i, "name")}.{Text(i, "field")} {string.Join(", ", i.GetProperty("transformations").EnumerateArray().Select(t => $"{Text(t, "type")} {Text(t, "subtype")}"))}");
}
