namespace Pipeline.App.Tests;

/// <summary>Errors are problem details that say what was found, what was expected and what to do; Api checks their shape, and that nothing of this machine is in them.</summary>
public sealed class ProblemTests(NorthwindApp northwind)
{
    [Theory]
    [InlineData("GET", "pipelines/none", null, 404, "There is no pipeline 'none'. Known: ")]
    [InlineData("GET", "pipelines/..%2Fnorthwind", null, 404, "There is no pipeline")]
    [InlineData("POST", "pipelines/none/runs", null, 404, "There is no pipeline 'none'")]
    [InlineData("GET", "metrics/none", null, 404, "There is no pipeline 'none'")]
    [InlineData("GET", "runs/northwind.1", null, 404, "There is no run 'northwind.1'. GET /api/runs")]
    [InlineData("GET", "runs/it's.1", null, 404, "There is no run 'it's.1'")]
    [InlineData("GET", "runs/a%23b%3Fc%5Cd.1", null, 404, "There is no run")]
    [InlineData("GET", "runs/a%2Fb.1", null, 404, "There is no run")]
    [InlineData("GET", "runs/none", null, 404, "There is no run 'none'")]
    [InlineData("POST", "runs/northwind.1/terminate", null, 404, "There is no run 'northwind.1'")]
    [InlineData("GET", "tables/silver/northwind/none", null, 404, "Pipeline 'northwind' has no table silver.none")]
    [InlineData("GET", "tables/silver/none/orders", null, 404, "Pipeline 'none' has no table silver.orders")]
    [InlineData("GET", "tables/silver/..%2Fx/orders", null, 404, "x")]
    [InlineData("GET", "tables/silver/northwind/orders?version=99", null, 404, "99")]
    [InlineData("GET", "tables/landing/northwind/orders", null, 400, "the layer is one of bronze, silver, gold, rejected")]
    [InlineData("GET", "tables/silver/northwind/Orders", null, 400, "lower-case letters")]
    [InlineData("GET", "tables/silver/northwind/orders?version=new", null, 400, "'version' is 'new': expected a whole number")]
    [InlineData("GET", "tables/silver/northwind/orders/preview?limit=1001", null, 400, "'limit' is '1001': expected a whole number from 1 to 1000")]
    [InlineData("GET", "tables/silver/northwind/none/preview", null, 404, "has no table silver.none")]
    [InlineData("GET", "tables/silver/northwind/orders?asOf=yesterday", null, 400, "'asOf' is 'yesterday': expected an ISO 8601 time such as 2026-01-31T08:30:00Z")]
    [InlineData("GET", "tables/silver/northwind/orders?asOf=2026-01-31&version=0", null, 400, "'version' and 'asOf' exclude each other")]
    [InlineData("GET", "tables/silver/northwind/orders?asOf=1999-12-31", null, 404, "1999-12-31")]
    [InlineData("GET", "tables/silver/northwind/orders/preview?asOf=1999-12-31", null, 404, "1999-12-31")]
    [InlineData("POST", "tables/silver/northwind/orders/restore", "", 400, "Expected either 'version', a whole number from 0, or 'timestamp'")]
    [InlineData("POST", "tables/silver/northwind/orders/restore", """{"version": -1}""", 400, "Expected either 'version'")]
    [InlineData("POST", "tables/silver/northwind/orders/restore", """{"version": 0, "timestamp": "2026-01-31T08:30:00Z"}""", 400, "Expected either 'version'")]
    [InlineData("POST", "tables/silver/northwind/orders/restore", """{"timestamp": "yesterday"}""", 400, "timestamp")]
    [InlineData("POST", "tables/silver/northwind/orders/restore", """{"to": 0}""", 400, "to")]
    [InlineData("POST", "tables/silver/none/orders/restore", """{"version": 0}""", 404, "Pipeline 'none' has no table silver.orders")]
    [InlineData("POST", "tables/landing/northwind/orders/restore", """{"version": 0}""", 400, "the layer is one of bronze, silver, gold, rejected")]
    [InlineData("POST", "maintenance", """{"pipeline": "none"}""", 404, "There is no pipeline 'none'")]
    [InlineData("POST", "maintenance", """{"pipeline": "northwind", "tables": ["silver.none"]}""", 404, "Pipeline 'northwind' has no table silver.none")]
    [InlineData("POST", "maintenance", """{"tables": ["silver.orders"]}""", 400, "say which by 'pipeline'")]
    [InlineData("POST", "maintenance", """{"pipeline": "northwind", "tables": ["orders"]}""", 400, "'orders' is not a table")]
    [InlineData("POST", "maintenance", """{"operations": ["defrag"]}""", 400, "operations")]
    [InlineData("POST", "maintenance", """{"dry_run": true}""", 400, "dry_run")]
    [InlineData("GET", "maintenance/maintenance-1", null, 404, "There is no maintenance 'maintenance-1'. GET /api/maintenance")]
    [InlineData("GET", "maintenance/northwind.1", null, 404, "There is no maintenance 'northwind.1'")]
    [InlineData("GET", "maintenance?limit=0", null, 400, "'limit' is '0'")]
    [InlineData("GET", "runs?limit=-1", null, 400, "'limit' is '-1'")]
    [InlineData("POST", "pipelines/northwind/runs", "{", 400, "not the JSON expected")]
    [InlineData("POST", "pipelines/northwind/runs", "null", 400, "expected a JSON object")]
    [InlineData("POST", "pipelines/northwind/runs", "[]", 400, "StartRunBody")]
    [InlineData("POST", "pipelines/northwind/runs", """{"select": null}""", 400, "select")]
    [InlineData("POST", "pipelines/northwind/runs", """{"select": [null]}""", 400, "expected layer.name")]
    [InlineData("POST", "pipelines/northwind/runs", """{"select": ["orders"]}""", 400, "'orders' is not a step: expected layer.name, such as silver.orders")]
    [InlineData("POST", "pipelines/northwind/runs", """{"select": ["silver.none"]}""", 400, "has no step 'silver.none'. Its steps: bronze.categories")]
    [InlineData("POST", "pipelines/northwind/runs", """{"full_refresh": true}""", 400, "full_refresh")]
    [InlineData("POST", "pipelines/northwind/runs", """{"fullRefresh": "yes"}""", 400, "$.fullRefresh")]
    [InlineData("POST", "mart/sql", "", 400, "SqlBody")]
    [InlineData("POST", "mart/sql", """{"pipeline": "northwind"}""", 400, "sql")]
    [InlineData("POST", "mart/sql", """{"pipeline": "northwind", "sql": ""}""", 400, "SELECT")]
    [InlineData("POST", "mart/sql", """{"pipeline": "northwind", "sql": "select * from silver.none"}""", 404, "has no table silver.none")]
    [InlineData("POST", "mart/sql", """{"pipeline": "none", "sql": "select * from silver.orders"}""", 404, "Pipeline 'none' has no table silver.orders")]
    [InlineData("POST", "mart/sql", """{"pipeline": "../bronze", "sql": "select * from silver.orders"}""", 404, "orders")]
    [InlineData("POST", "mart/sql", """{"pipeline": "northwind", "sql": "drop table silver.orders"}""", 400, "SELECT")]
    [InlineData("POST", "mart/sql", """{"pipeline": "northwind", "sql": "select 1; select 2"}""", 400, "SELECT")]
    [InlineData("POST", "mart/sql", """{"pipeline": "northwind", "sql": "select none from silver.orders"}""", 400, "none")]
    [InlineData("POST", "mart/sql", """{"pipeline": "northwind", "sql": "selec 1"}""", 400, "selec")]
    [InlineData("POST", "mart/sql", """{"pipeline": "northwind", "sql": "select * from read_csv('/etc/passwd')"}""", 400, "read_csv")]
    [InlineData("POST", "mart/sql", """{"pipeline": "northwind", "sql": "select cast(ship_city as integer) from silver.orders"}""", 400, "Could not convert")]
    public async Task Request_Wrong_IsToldWhy(string method, string path, string? body, int status, string detail)
    {
        var answer = await northwind.Api.SendAsync(method, path, body);

        Assert.True(status == answer.Status, answer.Text);
        Assert.Contains(detail, answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_TooLong_IsRefused()
    {
        var answer = await northwind.Api.SendAsync("POST", "mart/sql", new string(' ', (1 << 20) + 1));

        Assert.Equal(400, answer.Status);
        Assert.Contains("1048576 bytes", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Echo_LongText_IsBounded()
    {
        var answer = await northwind.Api.GetAsync($"runs?limit={new string('9', 5000)}");

        Assert.Equal(400, answer.Status);
        Assert.InRange(answer.Detail.Length, 200, 400);
    }

    /// <summary>The Functions host answers a method that no function of the route has as if the route were not there.</summary>
    [Theory]
    [InlineData("DELETE", "pipelines/northwind")]
    [InlineData("GET", "mart/sql")]
    [InlineData("PUT", "runs/northwind.1/terminate")]
    [InlineData("GET", "nowhere")]
    public async Task Method_NotThere_IsNotFound(string method, string path)
    {
        var answer = await northwind.Api.SendUncheckedAsync(method, path, null);

        Assert.Equal(404, answer.Status);
        Assert.Empty(answer.Text);
    }
}
