using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Pipeline.App.Tests.Mart;

/// <summary>The data mart over HTTP, in the three formats.</summary>
public sealed class MartRequestsTests(NorthwindApp northwind)
{
    private static readonly object ByCountry = new
    {
        pipeline = "northwind",
        from = "silver.sales",
        where = new { column = "order_date", op = "lt", value = "2013-01-01" },
        groupBy = new[] { new { column = "country" } },
        aggregates = new object[] { new { function = "sum", column = "line_total", @as = "revenue" }, new { metric = "total_revenue" } },
        orderBy = new[] { new { column = "revenue", descending = true } },
        limit = 2,
    };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task QueryMart_Groups_AnswersPages()
    {
        var first = await northwind.Api.PostAsync("mart/query", ByCountry);
        var sql = await northwind.Api.PostAsync("mart/sql", new
        {
            pipeline = "northwind",
            sql = "select country, sum(line_total) as revenue, sum(line_total) from silver.sales where order_date < date '2013-01-01' group by country order by revenue desc limit 2",
        });

        Assert.Equal(sql.Body.GetProperty("rows").GetRawText(), first.Body.GetProperty("rows").GetRawText());
        Assert.True(first.Body.TryGetProperty("next", out _));
        Assert.Equal(first.Headers.ETag?.Tag, (await northwind.Api.PostAsync("mart/query", ByCountry)).Headers.ETag?.Tag);
    }

    [Fact]
    public async Task QueryMart_SameAnswerAsBefore_Is304()
    {
        using var first = await AskAsync("mart/query", ByCountry, null, null);
        using var again = await AskAsync("mart/query", ByCountry, null, first.Headers.ETag);
        using var other = await AskAsync("mart/metrics", new { pipeline = "northwind", metrics = new[] { "total_revenue" } }, null, first.Headers.ETag);

        Assert.Equal((200, 304, 200), ((int)first.StatusCode, (int)again.StatusCode, (int)other.StatusCode));
        Assert.Empty(await again.Content.ReadAsByteArrayAsync(Cancelled));
        Assert.Equal(first.Headers.ETag, again.Headers.ETag);
    }

    [Fact]
    public async Task QueryMart_CsvAndParquet_AreFiles()
    {
        using var csv = await AskAsync("mart/query", ByCountry, "text/csv", null);
        using var parquet = await AskAsync("mart/query", ByCountry, "application/vnd.apache.parquet, application/json;q=0.5", null);
        using var nothing = await AskAsync("mart/query", ByCountry, "text/html", null);

        var lines = (await csv.Content.ReadAsStringAsync(Cancelled)).TrimEnd('\n').Split('\n');
        Assert.Equal(["country,revenue,total_revenue", "2", "2"], [lines[0], $"{lines.Length - 1}", csv.Headers.GetValues("Pipeline-Rows").Single()]);
        Assert.Equal(("text/csv", "application/vnd.apache.parquet"), (csv.Content.Headers.ContentType?.MediaType, parquet.Content.Headers.ContentType?.MediaType));
        Assert.Equal("PAR1", Encoding.ASCII.GetString((await parquet.Content.ReadAsByteArrayAsync(Cancelled)).AsSpan(0, 4)));
        Assert.NotEmpty(csv.Headers.GetValues("Pipeline-Next").Single());
        Assert.Equal((406, true), ((int)nothing.StatusCode, (await nothing.Content.ReadAsStringAsync(Cancelled)).Contains("text/csv", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task QueryMetrics_ByMonth_AddUpToTheMetric()
    {
        var months = await northwind.Api.PostAsync("mart/metrics", new { pipeline = "northwind", metrics = new[] { "total_revenue" }, time = new { column = "order_date", grain = "month" } });
        var whole = await northwind.Api.PostAsync("mart/metrics", new { pipeline = "northwind", metrics = new[] { "total_revenue" } });

        Assert.Equal("2012-07-01", months.Body.GetProperty("rows")[0][0].GetString());
        Assert.Equal(whole.Body.GetProperty("rows")[0][0].GetDecimal(), months.Body.GetProperty("rows").EnumerateArray().Sum(r => r[1].GetDecimal()));
        Assert.Contains("has no metric 'revenu'. It has ", (await northwind.Api.PostAsync("mart/metrics", new { pipeline = "northwind", metrics = new[] { "revenu" } })).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task QueryFeatures_Fitted_ComesWithEveryFormat()
    {
        var question = new
        {
            pipeline = "northwind",
            from = "gold.customer_rfm",
            key = new[] { "customer_id" },
            features = new object[] { new { column = "monetary", log = true, scale = "standard" }, new { column = "segment", encode = "oneHot" } },
            limit = 5,
        };

        var json = await northwind.Api.PostAsync("mart/features", question);
        using var csv = await AskAsync("mart/features", question, "text/csv", null);

        Assert.Equal("monetary", json.Body.GetProperty("fitted").GetProperty("columns")[0].GetProperty("column").GetString());
        Assert.Equal(json.Body.GetProperty("fitted").GetRawText(), Encoding.UTF8.GetString(Convert.FromBase64String(csv.Headers.GetValues("Pipeline-Fitted").Single())));
        Assert.StartsWith("customer_id,monetary,segment=", await csv.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Equal(400, (await northwind.Api.PostAsync("mart/features", new { pipeline = "northwind", from = "gold.customer_rfm", features = new[] { new { column = "segment" } } })).Status);
    }

    [Theory]
    [InlineData("""{"pipeline": "northwind", "from": "silver.sales", "colums": ["country"]}""", 400)]
    [InlineData("""{"pipeline": "northwind"}""", 400)]
    [InlineData("""{"pipeline": "northwind", "from": "silver.nothing"}""", 404)]
    [InlineData("""{"pipeline": "nothing", "from": "silver.sales"}""", 404)]
    [InlineData("""{"pipeline": "northwind", "from": "silver.sales", "version": 99}""", 404)]
    public async Task QueryMart_WhatIsNotThere_IsAProblem(string body, int status) =>
        Assert.Equal(status, (await northwind.Api.SendAsync("POST", "mart/query", body)).Status);

    private async Task<HttpResponseMessage> AskAsync(string path, object question, string? accept, EntityTagHeaderValue? known)
    {
        using var http = new HttpClient { BaseAddress = northwind.App.Root };
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(JsonSerializer.Serialize(question), Encoding.UTF8, "application/json") };
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        if (known is not null)
        {
            request.Headers.IfNoneMatch.Add(known);
        }

        return await http.SendAsync(request, Cancelled);
    }
}
