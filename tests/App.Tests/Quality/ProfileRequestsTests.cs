namespace Pipeline.App.Tests.Quality;

public sealed class ProfileRequestsTests(NorthwindApp northwind)
{
    [Fact]
    public async Task ProfileTable_BronzeOrders_SuggestsTheirContract()
    {
        var answer = await northwind.Api.PostAsync("quality/bronze/northwind/orders/profile", new { });

        Assert.Equal(200, answer.Status);
        Assert.Equal(("bronze.orders", 830L), (answer.Body.GetProperty("table").GetString(), answer.Body.GetProperty("rows").GetInt64()));
        var suggestion = answer.Body.GetProperty("suggestion").GetString();
        Assert.Contains("key: [id]", suggestion, StringComparison.Ordinal);
        Assert.Contains("  order_date: {from: \"OrderDate\", type: date, required: true, min: \"2012-01-01\"", suggestion, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("quality/silver/northwind/none/profile", "{}", 404, "has no table silver.none")]
    [InlineData("quality/silver/northwind/orders/profile?version=99", "{}", 404, "")]
    [InlineData("quality/silver/northwind/orders/profile", """{"columns":["none"]}""", 400, "silver.orders has no column 'none'")]
    [InlineData("quality/silver/northwind/orders/profile", """{"columns":[]}""", 400, "at least one name")]
    [InlineData("quality/silver/northwind/orders/profile", """{"sampleRows":0}""", 400, "'sampleRows' from 1")]
    [InlineData("quality/silver/northwind/orders/profile", """{"rows":10}""", 400, "GET /api/openapi.json describes ProfileRequest")]
    public async Task ProfileTable_WrongRequest_IsRefused(string path, string body, int status, string expected)
    {
        var answer = await northwind.Api.SendAsync("POST", path, body);

        Assert.Equal(status, answer.Status);
        Assert.Contains(expected, answer.Detail, StringComparison.Ordinal);
    }
}
