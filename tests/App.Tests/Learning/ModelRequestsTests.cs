namespace Pipeline.App.Tests.Learning;

/// <summary>The sample's models over HTTP.</summary>
public sealed class ModelRequestsTests(NorthwindApp northwind)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ListModels_OfNorthwind_AreItsClustersAndItsForecast()
    {
        var models = (await northwind.Api.GetAsync("models?pipeline=northwind")).Body.EnumerateArray().ToList();

        Assert.Equal(["customer", "revenue"], models.Select(m => m.GetProperty("name").GetString()));
        Assert.Equal([89L, 22L], models.Select(m => m.GetProperty("card").GetProperty("rows").GetInt64()));
        Assert.Empty((await northwind.Api.GetAsync("models?pipeline=nothing")).Body.EnumerateArray());
    }

    [Fact]
    public async Task GetModel_OfAVersion_IsItOrItsCard()
    {
        var model = await northwind.Api.GetAsync("models/northwind/customer?version=1");
        using var http = new HttpClient { BaseAddress = northwind.App.Root };
        using var request = new HttpRequestMessage(HttpMethod.Get, "models/northwind/customer");
        request.Headers.Accept.ParseAdd("text/markdown");
        using var card = await http.SendAsync(request, Cancelled);

        Assert.Equal(["recency_days", "frequency", "monetary"], model.Body.GetProperty("clusters").GetProperty("model").GetProperty("features").EnumerateArray().Select(f => f.GetString()));
        Assert.Equal("text/markdown", card.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("# customer, version 1\n", await card.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Equal(404, (await northwind.Api.GetAsync("models/northwind/customer?version=99")).Status);
        Assert.Equal(404, (await northwind.Api.GetAsync("models/northwind/nobody")).Status);
    }

    [Fact]
    public async Task ScoreRows_OfATablesRow_IsWhereTheTableHasIt()
    {
        var stored = (await northwind.Api.PostAsync("mart/sql", new
        {
            pipeline = "northwind",
            sql = "select recency_days, frequency, monetary::double, cluster, anomaly from gold.customer_clusters join gold.customer_rfm using (customer_id) order by customer_id limit 1",
        })).Body.GetProperty("rows")[0];

        var answer = await northwind.Api.PostAsync("models/northwind/customer/score", new
        {
            rows = new[] { new { recency_days = stored[0].GetInt64(), frequency = stored[1].GetInt64(), monetary = stored[2].GetDouble() } },
        });

        var score = answer.Body.GetProperty("scores")[0];
        Assert.Equal((stored[3].GetInt64(), stored[4].GetBoolean()), (score.GetProperty("cluster").GetInt64(), score.GetProperty("anomaly").GetBoolean()));
        Assert.Contains("it looks at recency_days, frequency, monetary", (await northwind.Api.PostAsync("models/northwind/customer/score", new { rows = new[] { new { recency = 1 } } })).Detail, StringComparison.Ordinal);
        Assert.Contains("scores no rows: its predictions are in its table", (await northwind.Api.PostAsync("models/northwind/revenue/score", new { rows = new[] { new { time = 1 } } })).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task QueryMart_WhatModelsSay_IsATableLikeOthers()
    {
        var clusters = await northwind.Api.PostAsync("mart/query", new { pipeline = "northwind", from = "gold.customer_clusters", aggregates = new[] { new { function = "count" } } });
        var forecast = await northwind.Api.PostAsync("mart/query", new { pipeline = "northwind", from = "gold.revenue_forecast", where = new { column = "kind", op = "eq", value = "forecast" } });

        Assert.Equal("[[89]]", clusters.Body.GetProperty("rows").GetRawText());
        Assert.Equal(["2014-05-01", "2014-06-01", "2014-07-01"], forecast.Body.GetProperty("rows").EnumerateArray().Select(r => r[0].GetString()));
        Assert.All(forecast.Body.GetProperty("rows").EnumerateArray(), r => Assert.True(r[3].GetDouble() < r[2].GetDouble() && r[2].GetDouble() < r[4].GetDouble(), r.GetRawText()));
    }
}
