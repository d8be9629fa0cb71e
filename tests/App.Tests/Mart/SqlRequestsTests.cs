namespace Pipeline.App.Tests.Mart;

public sealed class SqlRequestsTests(NorthwindApp northwind)
{
    [Fact]
    public async Task RunSql_Select_AnswersTypedColumnsAndRows()
    {
        var answer = await northwind.Api.PostAsync("mart/sql", new
        {
            pipeline = "northwind",
            sql = "select country, sum(line_total) as revenue, min(order_date) as first from silver.sales group by country order by revenue desc limit 1",
        });

        Assert.Equal("""[{"name":"country","type":"VARCHAR"},{"name":"revenue","type":"DECIMAL(38,4)"},{"name":"first","type":"DATE"}]""", answer.Body.GetProperty("columns").GetRawText());
        Assert.StartsWith("""[["USA",245584.6105,"2012-""", answer.Body.GetProperty("rows").GetRawText(), StringComparison.Ordinal);
        Assert.False(answer.Body.GetProperty("truncated").GetBoolean());
    }

    [Fact]
    public async Task RunSql_TooManyRows_CutsAndSaysSo()
    {
        var answer = await northwind.Api.PostAsync("mart/sql", new { pipeline = "northwind", sql = "select 1 from silver.sales as a, silver.shippers as b, silver.shippers as c" });

        Assert.Equal((10_000, true), (answer.Body.GetProperty("rows").GetArrayLength(), answer.Body.GetProperty("truncated").GetBoolean()));
    }
}
