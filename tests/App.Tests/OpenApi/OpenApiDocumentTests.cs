using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.OpenApi;
using Pipeline.App.Runs;
using Pipeline.App.Tests.Webhooks;

namespace Pipeline.App.Tests.OpenApi;

public sealed partial class OpenApiDocumentTests(NorthwindApp northwind)
{
    private static readonly JsonElement Document = JsonSerializer.SerializeToElement(OpenApiDocument.Create());

    [Fact]
    public void Document_Operations_AreTheHttpFunctions()
    {
        var functions = typeof(RunPipeline).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .Select(method => (Function: method.GetCustomAttribute<FunctionAttribute>(), Trigger: method.GetParameters().Select(p => p.GetCustomAttribute<HttpTriggerAttribute>()).FirstOrDefault(t => t is not null)))
            .Where(function => function.Trigger is not null)
            .SelectMany(function => function.Trigger!.Methods!.Select(method => $"{method} /api/{function.Trigger.Route} {function.Function!.Name} {function.Trigger.AuthLevel == AuthorizationLevel.Function}"));
        var described = Operations().Select(o => $"{o.Method} {o.Path} {o.Operation.GetProperty("operationId")} {!o.Operation.TryGetProperty("security", out _)}");

        Assert.Equal(functions.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Document_Routes_DescribeTheirParameters() => Assert.All(Operations(), o =>
    {
        var parameters = o.Operation.TryGetProperty("parameters", out var all) ? all.EnumerateArray() : default;
        Assert.Equal(
            RouteParameters().Matches(o.Path).Select(match => match.Groups[1].Value),
            parameters.Where(p => p.GetProperty("in").GetString() == "path" && p.GetProperty("required").GetBoolean()).Select(p => p.GetProperty("name").GetString()));
    });

    [Fact]
    public void Document_Bodies_AreRequiredWhereTheyHaveRequiredFields()
    {
        var required = Operations().Where(o => o.Operation.TryGetProperty("requestBody", out _))
            .ToDictionary(o => o.Operation.GetProperty("operationId").GetString()!, o => o.Operation.GetProperty("requestBody").GetProperty("required").GetBoolean());

        Assert.Equal(
            new Dictionary<string, bool>
            {
                ["StartRun"] = false,
                ["PreviewRun"] = false,
                ["RestoreTable"] = false,
                ["ProfileTable"] = false,
                ["ReplayRejected"] = false,
                ["StartMaintenance"] = false,
                ["RunSql"] = true,
                ["QueryMart"] = true,
                ["QueryFeatures"] = true,
                ["QueryMetrics"] = true,
                ["ScoreRows"] = true,
                ["ReceiveWebhook"] = true,
                ["LookUpSchema"] = false,
                ["RegisterSchema"] = false,
                ["CheckWithSubject"] = false,
                ["CheckWithVersion"] = false,
                ["SetConfig"] = false,
                ["SetSubjectConfig"] = false,
            },
            required);
    }

    [Fact]
    public void Document_References_Resolve()
    {
        var components = Document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(c => $"#/components/schemas/{c.Name}").ToList();
        var references = References().Matches(Document.GetRawText()).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.Equal(components.Order(StringComparer.Ordinal), references.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("RunRecord", """{"id":"a.1","pipeline":"a","status":"running","startedUtc":"2026-01-01T00:00:00+00:00","seconds":1.5,"steps":[],"metrics":{"m":null,"n":1.5}}""", "")]
    [InlineData("RunRecord", """{"id":"a.1","pipeline":"a","status":"asleep","startedUtc":"yesterday","seconds":"1","steps":{},"metrics":{"m":"x"},"more":1}""",
        "status,startedUtc,seconds,steps,metrics.m,more")]
    [InlineData("StepDescription", """{"name":"silver.orders","kind":"clean","level":1,"inputs":["bronze.orders"]}""", "")]
    [InlineData("StepDescription", """{"name":"orders","kind":1,"level":1.5,"inputs":["landing.orders"]}""", "name,kind,level,inputs[0]")]
    [InlineData("StartRunBody", """{"fullRefresh":true}""", "")]
    [InlineData("StartRunBody", """{"backfill":{"from":"1997-01","to":"1997"}}""", "")]
    [InlineData("StartRunBody", """{"backfill":{"from":"1997-01"}}""", "lacks to")]
    [InlineData("StartRunBody", """{"full_refresh":true}""", "full_refresh")]
    [InlineData("SqlBody", """{"pipeline":"a"}""", "lacks sql")]
    [InlineData("QueryAnswer", """{"columns":[{"name":"a","type":"BIGINT"}],"rows":[[1],[null],["x"]],"truncated":false,"seconds":0.1}""", "")]
    [InlineData("Problem", """{"title":"t","status":422,"detail":"d","runId":"a.1","problems":[{"file":"pipeline.yaml","line":1,"message":"m"}]}""", "")]
    public void Schemas_Values_FitOrNot(string schema, string value, string expected)
    {
        var errors = new JsonSchema(Document).Check(Document.GetProperty("components").GetProperty("schemas").GetProperty(schema), JsonSerializer.Deserialize<JsonElement>(value));

        var wrong = expected.Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(wrong, what => Assert.Contains(errors, error => error.Replace("$.", "", StringComparison.Ordinal).Contains(what, StringComparison.Ordinal)));
        Assert.True(errors.Count >= wrong.Length && (wrong.Length > 0 || errors.Count == 0), string.Join('\n', errors));
    }

    /// <summary>Api holds every answer against its schema; here every operation answers what it is for.</summary>
    [Fact]
    public async Task Operations_Asked_AnswerAsDescribed()
    {
        var run = northwind.Seen[^1].GetProperty("id").GetString();
        await northwind.App.DefineAsync("described", models: ("gold/labels", "select label from silver.items"));
        await northwind.Api.RunAsync("described");
        await SignedDelivery.DefineAsync(northwind.App, "hooked");
        var maintenance = await northwind.Api.PostAsync("maintenance", new { pipeline = "described", dryRun = true });
        var schema = new { schemaType = "JSON", schema = """{"title": "described", "type": "object"}""" };
        var id = (await northwind.Api.PostAsync("registry/subjects/described/versions", schema)).Body.GetProperty("id");
        (string Operation, string Method, string Path, object? Body)[] requests =
        [
            ("ListPipelines", "GET", "pipelines", null),
            ("GetPipeline", "GET", "pipelines/northwind", null),
            ("StartRun", "POST", "pipelines/northwind/runs", new { select = new[] { "gold.top_countries" }, fullRefresh = false }),
            ("PreviewRun", "POST", "pipelines/northwind/plan", new { select = new[] { "silver.sales+" }, fullRefresh = true }),
            ("ListRuns", "GET", "runs?limit=1", null),
            ("GetRun", "GET", $"runs/{run}", null),
            ("TerminateRun", "POST", $"runs/{run}/terminate", null),
            ("GetRunLineage", "GET", $"runs/{run}/lineage", null),
            ("ListEvents", "GET", "events?type=run&source=northwind&after=1&limit=2", null),
            ("ListAudit", "GET", "audit?what=run&target=pipelines/northwind&limit=2", null),
            ("ListStreams", "GET", "streams", null),
            ("ListSources", "GET", "sources?pipeline=northwind&check=true", null),
            ("GetLive", "GET", "live/northwind/web_revenue_by_country?windows=3", null),
            ("CompareLive", "GET", "live/northwind/web_revenue_by_country/comparison?windows=3", null),
            ("Negotiate", "POST", "live/negotiate?negotiateVersion=1", null),
            ("ListTables", "GET", "tables?pipeline=northwind", null),
            ("GetTable", "GET", "tables/silver/northwind/orders?version=0", null),
            ("PreviewTable", "GET", "tables/silver/northwind/orders/preview?limit=3&version=0", null),
            ("RestoreTable", "POST", "tables/gold/described/labels/restore", new { version = 0 }),
            ("ProfileTable", "POST", "quality/silver/northwind/orders/profile?version=0", new { columns = new[] { "freight" }, sampleRows = 100 }),
            ("StartMaintenance", "POST", "maintenance", new { pipeline = "described", operations = new[] { "optimize", "vacuum" }, dryRun = true }),
            ("ListMaintenance", "GET", "maintenance?limit=2", null),
            ("GetMaintenance", "GET", $"maintenance/{maintenance.Body.GetProperty("id").GetString()}", null),
            ("ListCatalog", "GET", "catalog?pipeline=northwind&search=country", null),
            ("GetCatalogTable", "GET", "catalog/silver/northwind/sales", null),
            ("GetMetrics", "GET", "metrics/northwind", null),
            ("RunSql", "POST", "mart/sql", new { pipeline = "northwind", sql = "select * from silver.sales limit 3" }),
            ("QueryMart", "POST", "mart/query", new { pipeline = "northwind", from = "silver.sales", limit = 3 }),
            ("QueryFeatures", "POST", "mart/features", new { pipeline = "northwind", from = "gold.customer_rfm", features = new[] { new { column = "frequency", scale = "standard" } }, limit = 3 }),
            ("QueryMetrics", "POST", "mart/metrics", new { pipeline = "northwind", metrics = new[] { "total_revenue", "order_count" }, by = new[] { "country" } }),
            ("ListModels", "GET", "models?pipeline=northwind", null),
            ("GetModel", "GET", "models/northwind/customer?version=1", null),
            ("ScoreRows", "POST", "models/northwind/customer/score", new { rows = new[] { new { recency_days = 3, frequency = 10, monetary = 1000.5 } } }),
            ("GetQuality", "GET", "quality/northwind", null),
            ("GetQualityTrend", "GET", "quality/northwind/trend?table=silver.orders&limit=2", null),
            ("ReplayRejected", "POST", "rejected/described/items/replay", new { rule = "id-type", from = "2026-01-01T00:00:00Z", fix = new { label = "upper(label)" } }),
            ("ReceiveWebhook", "POST", "webhooks/hooked/payments", new { payment = "a" }),
            ("GetHealth", "GET", "health", null),
            ("GetOpenApi", "GET", "openapi.json", null),
            ("ListSubjects", "GET", "registry/subjects?subjectPrefix=desc&deleted=true", null),
            ("RegisterSchema", "POST", "registry/subjects/described/versions", schema),
            ("RegisterSchema", "POST", "registry/subjects/described/versions?dryRun=true", schema with { schema = """{"title": "other"}""" }),
            ("LookUpSchema", "POST", "registry/subjects/described", schema),
            ("ListVersions", "GET", "registry/subjects/described/versions", null),
            ("GetVersion", "GET", "registry/subjects/described/versions/latest", null),
            ("GetVersionSchema", "GET", "registry/subjects/described/versions/1/schema", null),
            ("ListSchemaTypes", "GET", "registry/schemas/types", null),
            ("GetSchema", "GET", $"registry/schemas/ids/{id}", null),
            ("ListSchemaSubjects", "GET", $"registry/schemas/ids/{id}/subjects", null),
            ("ListSchemaVersions", "GET", $"registry/schemas/ids/{id}/versions", null),
            ("CheckWithSubject", "POST", "registry/compatibility/subjects/described/versions", schema),
            ("CheckWithVersion", "POST", "registry/compatibility/subjects/described/versions/1?verbose=true", schema),
            ("GetConfig", "GET", "registry/config", null),
            ("SetConfig", "PUT", "registry/config", new { compatibility = "BACKWARD_TRANSITIVE" }),
            ("DeleteConfig", "DELETE", "registry/config", null),
            ("SetSubjectConfig", "PUT", "registry/config/described", new { compatibility = "NONE" }),
            ("GetSubjectConfig", "GET", "registry/config/described", null),
            ("DeleteSubjectConfig", "DELETE", "registry/config/described", null),
            ("GetRegistryMode", "GET", "registry/mode", null),
            ("DeleteVersion", "DELETE", "registry/subjects/described/versions/1", null),
            ("DeleteSubject", "DELETE", "registry/subjects/described?permanent=true", null),
        ];

        foreach (var (operation, method, path, body) in requests)
        {
            var text = body is null ? null : JsonSerializer.Serialize(body, JsonSerializerOptions.Web);
            var answer = await northwind.Api.SendAsync(method, path, text, operation == "ReceiveWebhook" ? SignedDelivery.Headers("described", text ?? "") : null);
            Assert.True(answer.Status is 200 or 202 or 409, $"{operation}: {answer.Text}");
        }

        Assert.Equal(Operations().Select(o => o.Operation.GetProperty("operationId").GetString()).Order(StringComparer.Ordinal), requests.Select(r => r.Operation).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task GetOpenApi_Live_IsTheDocument()
    {
        var answer = await northwind.Api.GetAsync("openapi.json");

        Assert.True(JsonElement.DeepEquals(Document, answer.Body));
        Assert.StartsWith("3.1.", answer.Body.GetProperty("openapi").GetString(), StringComparison.Ordinal);
    }

    private static IEnumerable<(string Method, string Path, JsonElement Operation)> Operations() =>
        Document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(method => (method.Name, path.Name, method.Value)));

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex RouteParameters();

    [GeneratedRegex("\"\\$ref\":\"([^\"]+)\"")]
    private static partial Regex References();
}
