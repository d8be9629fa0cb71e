namespace Pipeline.App.Tests.Tables;

public sealed class TableRequestsTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task ListTables_Northwind_HasEveryLayerWithSizes()
    {
        var tables = (await Api.GetAsync("tables?pipeline=northwind")).Body.EnumerateArray().ToList();

        Assert.Equal(37, tables.Count);
        Assert.Equal(["bronze", "silver", "gold", "rejected"], tables.Select(t => t.GetProperty("layer").GetString()).Distinct());
        Assert.All(tables, t => Assert.Equal("northwind", t.GetProperty("pipeline").GetString()));
        var sales = tables.Single(t => t.GetProperty("table").GetString() == "sales");
        Assert.Equal(2155, sales.GetProperty("rows").GetInt64());
        Assert.True(sales.GetProperty("bytes").GetInt64() > 1000 && sales.GetProperty("files").GetInt32() > 0);
    }

    [Fact]
    public async Task GetTable_Orders_HasColumnsPartitionsAndHistory()
    {
        var orders = (await Api.GetAsync("tables/silver/northwind/orders")).Body;

        var columns = orders.GetProperty("columns").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, c => c.GetProperty("type").GetString());
        Assert.Equal(("long", "date", "decimal(18,4)"), (columns["order_id"], columns["order_date"], columns["freight"]));
        Assert.Equal(["year"], orders.GetProperty("partitionColumns").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal(3, orders.GetProperty("summary").GetProperty("files").GetInt32());
        Assert.Equal([0L], orders.GetProperty("history").EnumerateArray().Select(h => h.GetProperty("version").GetInt64()));
    }

    [Fact]
    public async Task PreviewTable_Limit_CutsAndSaysSo()
    {
        var preview = (await Api.GetAsync("tables/gold/northwind/top_countries/preview?limit=2")).Body;
        var whole = (await Api.GetAsync("tables/gold/northwind/top_countries/preview")).Body;

        Assert.Equal((2, true), (preview.GetProperty("rows").GetArrayLength(), preview.GetProperty("truncated").GetBoolean()));
        Assert.Equal((3, false), (whole.GetProperty("rows").GetArrayLength(), whole.GetProperty("truncated").GetBoolean()));
        Assert.Contains(whole.GetProperty("rows").EnumerateArray(), row => row.GetRawText().Contains("\"USA\",245584.6105", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Version_Earlier_ShowsTheTableAsItWas()
    {
        await northwind.App.DefineAsync("versions");
        await Api.RunAsync("versions");
        await northwind.App.WriteAsync("landing", "versions/more.csv", "id,label\n2,two\n");
        await Api.RunAsync("versions");

        var counts = new List<(string Version, int Rows, long Described)>();
        foreach (var version in new[] { "?version=0", "?version=1", "" })
        {
            var table = (await Api.GetAsync($"tables/silver/versions/items{version}")).Body;
            var rows = (await Api.GetAsync($"tables/silver/versions/items/preview{version}")).Body.GetProperty("rows").GetArrayLength();
            counts.Add((version, rows, table.GetProperty("summary").GetProperty("rows").GetInt64()));
        }

        Assert.Equal([("?version=0", 1, 1L), ("?version=1", 2, 2L), ("", 2, 2L)], counts);
    }
}
