using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

// FAKE_APP=crash: ends at once. The name of a pipeline says what becomes of its runs: succeeds, busy (409 first), crashes, judged (with quality), echo (422 with what was asked).
if (Environment.GetEnvironmentVariable("FAKE_APP") == "crash")
{
    await Console.Error.WriteLineAsync("The fake app has no wish to run.");
    return 7;
}

var port = int.Parse(args[Array.IndexOf(args, "--port") + 1], CultureInfo.InvariantCulture);
using var listener = new HttpListener();
listener.Prefixes.Add($"http://127.0.0.1:{port}/");
listener.Start();
var polls = new Dictionary<string, int>(StringComparer.Ordinal);
while (true)
{
    var context = await listener.GetContextAsync();
    var path = context.Request.Url?.AbsolutePath ?? "";
    var (status, answer) = (context.Request.HttpMethod, path.Split('/', StringSplitOptions.RemoveEmptyEntries)) switch
    {
        ("GET", ["api", "health"]) => (200, new { status = "healthy" }),
        ("POST", ["api", "pipelines", "echo", _]) => (422, new { title = "Echo", detail = await new StreamReader(context.Request.InputStream, Encoding.UTF8).ReadToEndAsync() }),
        ("POST", ["api", "pipelines", var name, "runs"]) => Start(name),
        ("POST", ["api", "pipelines", var name, "plan"]) => Plan(name),
        ("GET", ["api", "runs", var id]) => Run(id),
        ("GET", ["api", "tables"]) => (200, new[]
        {
            new { layer = "gold", pipeline = "northwind", table = "top_countries", version = 0, rows = 3, files = 1, bytes = 2000 },
            new { layer = "bronze", pipeline = "northwind", table = "orders", version = 0, rows = 830, files = 1, bytes = 20000 },
        }),
        ("POST", ["api", "maintenance"]) => await StartMaintenanceAsync(context.Request),
        ("GET", ["api", "maintenance", var id]) => Maintenance(id),
        ("POST", ["api", "tables", var layer, var owner, var table, "restore"]) => await RestoreAsync(context.Request, $"{layer}.{table}", owner),
        ("GET", ["api", "catalog"]) => (200, new[] { Cataloged() }),
        ("GET", ["api", "catalog", "gold", "northwind", "top_countries"]) => (200, new
        {
            table = Cataloged(),
            columns = new[]
            {
                new
                {
                    column = "country",
                    isComplete = true,
                    upstream = new[] { new { table = "gold.revenue_by_country", column = "country", use = "identity" } },
                    downstream = Array.Empty<object>(),
                    decidesRowsOf = Array.Empty<string>(),
                },
            },
            rows = new[]
            {
                new { table = "gold.revenue_by_country", column = "revenue", use = "filter" },
                new { table = "gold.revenue_by_country", column = "revenue", use = "sort" },
            },
            areRowsComplete = false,
        }),
        ("GET", ["api", "live", "northwind", "sales"]) when context.Request.QueryString["windows"] == "2" => Live(),
        ("GET", ["api", "quality", "judged"]) when context.Request.QueryString["run"] == "judged-2" => Quality(),
        ("POST", ["api", "quality", "bronze", "northwind", "orders", "profile"]) => Profile(),
        ("POST", ["api", "mart", "sql"]) => await QueryAsync(context.Request),
        _ => ((int, object))(404, new { title = "Not found", detail = $"There is no {path}." }),
    };
    context.Response.StatusCode = status;
    context.Response.ContentType = status < 400 ? "application/json" : "application/problem+json";
    context.Response.Close(JsonSerializer.SerializeToUtf8Bytes(answer), willBlock: true);
}

object Cataloged() => new
{
    layer = "gold",
    pipeline = "northwind",
    table = "top_countries",
    description = "The three best",
    columns = new[] { new { name = "country", type = "string", nullable = true, description = "Where to" } },
    partitionColumns = Array.Empty<string>(),
    upstream = new[] { "gold.revenue_by_country" },
    downstream = Array.Empty<string>(),
    lastChange = new { version = 4, committedUtc = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), operation = "BUILD" },
    rows = 3,
    bytes = 2048,
    files = 1,
    quality = new { runId = "northwind.1", rowsIn = 400, rowsRejected = 5, rowsWarned = 0, rejectedShare = 0.0125 },
};

(int, object) Start(string pipeline)
{
    if (pipeline == "crashes")
    {
        Environment.Exit(3);
    }

    if (pipeline == "busy" && polls.TryAdd("busy-1", 0))
    {
        return (409, new { title = "A run is going on", runId = "busy-1" });
    }

    var id = $"{pipeline}-2";
    polls[id] = 0;
    return (202, new { id });
}

static (int, object) Plan(string pipeline) => (200, new
{
    pipeline,
    definition = "abc",
    steps = new object[]
    {
        new { name = "bronze.orders", kind = "ingest", action = "update", why = "1 new and 0 changed files", reads = new { files = 1, bytes = 3_145_728, rows = (long?)null, paths = new[] { "northwind/orders.json" } } },
        new { name = "silver.orders", kind = "clean", action = "depends", why = "bronze.orders may change in this run" },
        new { name = "gold.revenue", kind = "model", action = "none", why = "neither its input nor its definition changed", reads = new { files = 2, bytes = 2048, rows = 2155, paths = Array.Empty<string>() } },
    },
});

(int, object) Run(string id)
{
    var over = ++polls[id] > 2;
    var pipeline = id.Split('-')[0];
    return (200, new
    {
        id,
        pipeline,
        status = over ? "succeeded" : "running",
        seconds = 1.5,
        steps = new[]
        {
            new { name = "bronze.orders", kind = "ingest", status = over ? "succeeded" : "running", rowsIn = 830, rowsOut = 830, rowsRejected = 0, table = "bronze.orders", version = 0, seconds = 0.5 },
            new { name = "silver.orders", kind = "clean", status = over ? "succeeded" : "pending", rowsIn = 830, rowsOut = 828, rowsRejected = 2, table = "silver.orders", version = 0, seconds = 0.5 },
        },
        metrics = new Dictionary<string, decimal> { ["total_revenue"] = 1265793.0395m },
    });
}

// It moves once, stays so, and is gone then.
(int, object) Live()
{
    var polled = polls["live"] = polls.GetValueOrDefault("live") + 1;
    var poll = Math.Min(polled, 2);
    var start = new DateTimeOffset(2026, 1, 2, 3, 4, 0, TimeSpan.Zero);
    return polled > 3 ? (404, new { title = "Not found", detail = "There is no aggregate 'sales' any more." }) : (200, new
    {
        pipeline = "northwind",
        aggregate = "sales",
        timeUtc = DateTimeOffset.UtcNow,
        version = poll,
        provisional = poll > 1,
        watermarkUtc = start.AddSeconds(80),
        late = 1200,
        dropped = 3,
        windows = new[]
        {
            new { startUtc = start, endUtc = start.AddMinutes(1), closed = true, groups = new[] { Group("USA", 10.5m, 2) } },
            new { startUtc = start.AddMinutes(1), endUtc = start.AddMinutes(2), closed = false, groups = new[] { Group(null, null, 0), Group("France", 7m, 1), Group("USA", poll * 1000m, poll) } },
        },
    });

    static object Group(string? country, decimal? revenue, int orders) => new { key = new { country }, values = new { revenue, orders } };
}

static (int, object) Quality() => (200, new
{
    pipeline = "judged",
    runId = "judged-2",
    tables = new object[]
    {
        new
        {
            table = "silver.orders", atUtc = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), rows = 10_000, accepted = 9_900, warned = 40, rejected = 100,
            tiers = new { gold = 9_860, silver = 40 },
            scores = new { completeness = 1.0, accuracy = 0.99999, timeliness = (double?)null, schema = 0.995, consistency = 0.9 },
            score = 0.98765, tier = "gold", verdict = "warned", reason = (string?)null,
            checks = new object[]
            {
                new
                {
                    rule = "freight-range", column = "freight", dimension = "accuracy", weight = 1, otherwise = "reject", @checked = 10_000, failed = 100, share = 0.01, atMost = (double?)0.005, verdict = "warned",
                    samples = Enumerable.Range(1, 5).Select(i => new { file = "orders.json", row = 1000 + i, value = $"-{i}\n{new string('x', 80)}" }),
                },
                new { rule = "shipped", column = (string?)null, dimension = "consistency", weight = 1, otherwise = "warn", @checked = 10_000, failed = 0, share = 0.0, atMost = (double?)null, verdict = "passed", samples = Array.Empty<object>() },
            },
            columns = Array.Empty<object>(), partitions = Array.Empty<object>(), warnings = new[] { "no file for 2 days" },
        },
        new
        {
            table = "silver.details", atUtc = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), rows = 5, accepted = 1, warned = 0, rejected = 4,
            scores = new { completeness = 0.2 }, score = 0.2, tier = "rejected", verdict = "held", reason = "20% of the rows are good, expected 50%", checks = Array.Empty<object>(),
        },
    },
});

static (int, object) Profile() => (200, new
{
    pipeline = "northwind", table = "bronze.orders", version = 3, rows = 2000, profiledRows = 1000, seconds = 0.1,
    columns = new object[]
    {
        new
        {
            name = "Freight", type = "VARCHAR", nulls = 7, blanks = 1, distinct = 799, isDistinctExact = false, min = "0.02", max = "1007.64", average = 78.2,
            quantiles = new { p01 = "0.1", p25 = "13", p50 = "41.36", p75 = "91", p99 = "700" }, matches = new { integer = 0.02, @decimal = 0.995, number = 0.995 },
            top = new[] { new { value = "8.53", count = 5, share = 0.005 } },
        },
        new { name = "Lines", type = "STRUCT(a BIGINT)[]", nulls = 0, blanks = 0, isDistinctExact = false, matches = new { }, top = Array.Empty<object>() },
    },
    suggestion = "# From bronze.orders\ncolumns:\n  freight: {from: \"Freight\", type: varchar}\n",
});

static async Task<(int, object)> QueryAsync(HttpListenerRequest request)
{
    using var reader = new StreamReader(request.InputStream, Encoding.UTF8);
    using var body = JsonDocument.Parse(await reader.ReadToEndAsync());
    var sql = body.RootElement.GetProperty("sql").GetString() ?? "";
    return (200, new
    {
        columns = new[] { new { name = "country", type = "VARCHAR" }, new { name = "revenue", type = "DECIMAL(18,4)" } },
        rows = new object?[][] { ["USA", 245584.6105m], ["a \"b\", c", null] },
        truncated = sql.Contains("limit", StringComparison.OrdinalIgnoreCase),
        seconds = 0.1,
    });
}

// The maintenance of the pipeline 'fails' fails.
static async Task<(int, object)> StartMaintenanceAsync(HttpListenerRequest request)
{
    using var body = await JsonDocument.ParseAsync(request.InputStream);
    var pipeline = body.RootElement.TryGetProperty("pipeline", out var named) ? named.GetString() : "all";
    return (202, new { id = $"{pipeline}-{(body.RootElement.GetProperty("dryRun").GetBoolean() ? "dry" : "real")}" });
}

(int, object) Maintenance(string id)
{
    var over = polls[id] = polls.GetValueOrDefault(id) + 1;
    var failed = id.StartsWith("fails", StringComparison.Ordinal);
    var tables = new object[]
    {
        new
        {
            pipeline = "shop", table = "silver.orders", status = "done", seconds = 0.5,
            operations = new object[]
            {
                new { operation = "retention", status = "done", files = 2, bytes = 3000, rows = 1200, version = 7, partitions = new[] { "year=2022" } },
                new { operation = "optimize", status = "done", files = 1500, bytes = 2000000, into = 2, version = 8 },
                new { operation = "vacuum", status = "nothing", files = 0, bytes = 0 },
            },
        },
        new
        {
            pipeline = "shop", table = "gold.sales", status = failed ? "failed" : "postponed", seconds = 0.5,
            operations = new[] { new { operation = "logCleanup", status = failed ? "failed" : "postponed", files = 0, bytes = 0, reason = "Another writer was first." } },
        },
    };
    return (200, new
    {
        id,
        status = over < 3 ? "running" : failed ? "failed" : "succeeded",
        dryRun = id.EndsWith("dry", StringComparison.Ordinal),
        seconds = 1.5,
        plannedTables = 2,
        figures = new { tables = 2, failed = failed ? 1 : 0, postponed = failed ? 0 : 1, filesPacked = 1500, filesMade = 2, rowsRemoved = 1200 },
        tables = over < 2 ? [] : tables,
    });
}

static async Task<(int, object)> RestoreAsync(HttpListenerRequest request, string table, string pipeline)
{
    using var body = await JsonDocument.ParseAsync(request.InputStream);
    var restored = body.RootElement.TryGetProperty("version", out var version) ? version.GetInt64() : body.RootElement.GetProperty("timestamp").GetDateTimeOffset().Day;
    return pipeline == "busy"
        ? (409, new { title = "A run is going on", detail = "Run busy.1 of pipeline 'busy' is going on: wait for it or terminate it.", runId = "busy.1" })
        : (200, new { table, version = 9, restoredVersion = restored, rows = 830 });
}
