using System.Text.Json;

namespace Pipeline.App.Tests.Catalog;

public sealed class CatalogRequestsTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task ListCatalog_Northwind_TellsWhatIsKnownOfEveryTable()
    {
        var tables = (await Api.GetAsync("catalog?pipeline=northwind")).Body.EnumerateArray().ToDictionary(t => $"{Text(t, "layer")}.{Text(t, "table")}");

        Assert.Equal(37, tables.Count);
        Assert.Equal("bronze.categories", tables.Keys.First());
        Assert.All(tables.Values, t => Assert.True(t.GetProperty("lastChange").GetProperty("version").GetInt64() >= 0 && !t.TryGetProperty("problem", out _), t.GetRawText()));
        var sales = tables["silver.sales"];
        Assert.Equal("One row per order line with its order, product, category and customer", Text(sales, "description"));
        Assert.Equal(["silver.categories", "silver.customers", "silver.order_details", "silver.orders", "silver.products"], Texts(sales, "upstream"));
        Assert.Equal(["gold.customer_rfm", "gold.revenue_by_category", "gold.revenue_by_country", "gold.revenue_by_customer", "gold.revenue_by_month", "gold.revenue_forecast"], Texts(sales, "downstream"));
        Assert.Equal((2155, "BUILD"), (sales.GetProperty("rows").GetInt32(), Text(sales.GetProperty("lastChange"), "operation")));
        Assert.True(sales.GetProperty("bytes").GetInt64() > 1000 && sales.GetProperty("files").GetInt32() > 0);
        Assert.False(sales.TryGetProperty("quality", out _));
        var total = sales.GetProperty("columns").EnumerateArray().Single(c => Text(c, "name") == "line_total");
        Assert.Equal(("decimal(18,4)", "Price times quantity, less the discount"), (Text(total, "type"), Text(total, "description")));
        var orders = tables["silver.orders"];
        Assert.Equal(["year"], Texts(orders, "partitionColumns"));
        Assert.Equal((830, 0, 0d), (orders.GetProperty("quality").GetProperty("rowsIn").GetInt32(), orders.GetProperty("quality").GetProperty("rowsRejected").GetInt32(), orders.GetProperty("quality").GetProperty("rejectedShare").GetDouble()));
        Assert.Equal(("landing/northwind/orders*.json", "INGEST"), (Text(tables["bronze.orders"], "source"), Text(tables["bronze.orders"].GetProperty("lastChange"), "operation")));
        Assert.Equal(["silver.orders", "rejected.orders"], Texts(tables["bronze.orders"], "downstream"));
    }

    [Theory]
    [InlineData("LINE_total", "silver.sales")]
    [InlineData("three countries", "gold.top_countries")]
    [InlineData("nothing is called so", "")]
    public async Task ListCatalog_Search_FindsNamesAndDescriptions(string search, string expected)
    {
        var found = (await Api.GetAsync($"catalog?pipeline=northwind&search={Uri.EscapeDataString(search)}")).Body.EnumerateArray().Select(t => $"{Text(t, "layer")}.{Text(t, "table")}");

        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), found);
    }

    [Fact]
    public async Task GetCatalogTable_Country_IsFollowedBothWays()
    {
        var customers = (await Api.GetAsync("catalog/silver/northwind/customers")).Body;
        var country = Column(customers, "country");

        Assert.Equal(["bronze.customers.Country identity"], Uses(country, "upstream"));
        Assert.Equal(["silver.sales.country identity"], Uses(country, "downstream"));
        Assert.Equal(["silver.sales"], Texts(Column(customers, "customer_id"), "decidesRowsOf"));
        var top = (await Api.GetAsync("catalog/gold/northwind/top_countries")).Body;
        Assert.Equal(["gold.revenue_by_country.country window", "gold.revenue_by_country.revenue window"], Uses(Column(top, "rank"), "upstream"));
        Assert.Equal(
            ["gold.revenue_by_country.country filter", "gold.revenue_by_country.country sort", "gold.revenue_by_country.revenue filter", "gold.revenue_by_country.revenue sort"], Uses(top, "rows"));
        Assert.All(top.GetProperty("columns").EnumerateArray(), c => Assert.True(c.GetProperty("isComplete").GetBoolean()));
        var bronze = Column((await Api.GetAsync("catalog/bronze/northwind/customers")).Body, "Country");
        Assert.Equal(["silver.customers.country identity", "rejected.customers.raw transformation", "rejected.customers.failures transformation"], Uses(bronze, "downstream"));
    }

    [Fact]
    public async Task Catalog_DefinitionBroken_StillShowsTheTables()
    {
        await northwind.App.DefineAsync("cataloged", models: ("gold/all_items", "select id, upper(label) as label from silver.items"));
        await northwind.App.WriteAsync("landing", "cataloged/bad.csv", "id,label\nx,wrong\n");
        await Api.RunAsync("cataloged");
        var before = (await Api.GetAsync("catalog/silver/cataloged/items")).Body;
        await northwind.App.WriteAsync("pipelines", "cataloged/pipeline.yaml", "name: cataloged\nsourcess: {}\n");

        var broken = (await Api.GetAsync("catalog?pipeline=cataloged")).Body.EnumerateArray().ToList();
        var after = (await Api.GetAsync("catalog/silver/cataloged/items")).Body;

        Assert.Equal((2, 1, 0.5), (Quality("rowsIn").GetInt32(), Quality("rowsRejected").GetInt32(), Quality("rejectedShare").GetDouble()));
        Assert.Equal(["gold.all_items.label transformation"], Uses(Column(before, "label"), "downstream"));
        Assert.Equal(["bronze.items", "silver.items", "gold._quality_batches", "gold._quality_checks", "gold._quality_columns", "gold.all_items", "rejected.items"], broken.Select(t => $"{Text(t, "layer")}.{Text(t, "table")}"));
        Assert.All(broken, t => Assert.Contains("pipeline.yaml", Text(t, "problem"), StringComparison.Ordinal));
        Assert.False(Column(after, "label").GetProperty("isComplete").GetBoolean());

        JsonElement Quality(string figure) => before.GetProperty("table").GetProperty("quality").GetProperty(figure);
    }

    [Theory]
    [InlineData("catalog/silver/northwind/none", 404, "has no table silver.none. GET /api/catalog lists")]
    [InlineData("catalog/silver/none/orders", 404, "Pipeline 'none' has no table silver.orders")]
    [InlineData("catalog/landing/northwind/orders", 400, "the layer is one of bronze, silver, gold, rejected")]
    public async Task GetCatalogTable_Unknown_IsToldWhy(string path, int status, string detail)
    {
        var answer = await Api.GetAsync(path);

        Assert.True(status == answer.Status, answer.Text);
        Assert.Contains(detail, answer.Detail, StringComparison.Ordinal);
    }

    private static JsonElement Column(JsonElement detail, string name) => detail.GetProperty("columns").EnumerateArray().Single(c => Text(c, "column") == name);

    private static IEnumerable<string> Uses(JsonElement owner, string list) => owner.GetProperty(list).EnumerateArray().Select(s => $"{Text(s, "table")}.{Text(s, "column")} {Text(s, "use")}");

    private static string? Text(JsonElement owner, string name) => owner.GetProperty(name).GetString();

    private static IEnumerable<string?> Texts(JsonElement owner, string list) => owner.GetProperty(list).EnumerateArray().Select(t => t.GetString());
}
