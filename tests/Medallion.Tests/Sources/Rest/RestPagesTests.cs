using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Tests.Sources.Rest;

public sealed class RestPagesTests(MedallionFixture medallion)
{
    private const string Incremental = "key: [id], cursor: changed, deleted: is_gone, rest: {path: @, records: data.items, since: since, pages: #}";

    [Theory]
    [InlineData("page", "{by: page}", 12)]
    [InlineData("offset", "{by: offset, verify: false}", 6)]
    [InlineData("cursor", "{by: cursor, parameter: after, next: meta.next}", 5)]
    [InlineData("link", "{by: link}", 5)]
    public async Task Run_PagesOfAnyKind_TakesEachRecordOnce(string by, string pages, int requests)
    {
        var list = new ApiList();
        for (var id = 1; id <= 23; id++)
        {
            list.Put(id, $"n{id}", tie: id % 3 > 0);
        }

        await using var shop = await RestShop.StartAsync(medallion, list.AnswerAsync);
        var pipeline = await shop.PipelineAsync(Keys(by, pages));

        await pipeline.SucceedAsync();

        Assert.Equal(requests, shop.Requests.Count);
        Assert.Equal("23|23|23|5", await pipeline.ScalarAsync("select count(*), count(distinct id), count(distinct (_file, _row)), count(distinct _file) from bronze.orders"));
        Assert.Equal(list.Living, await pipeline.QueryAsync("select id, label from silver.orders order by id"));
        Assert.Equal("""{"name":"c7","tags":[1,2]}""", await pipeline.ScalarAsync("select customer from silver.orders where id = 7"));
        Assert.StartsWith($"shop/{by}/", await pipeline.ScalarAsync("select any_value(_file) from bronze.orders"), StringComparison.Ordinal);
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Theory]
    [InlineData("page", "{by: page}")]
    [InlineData("cursor", "{by: cursor, parameter: after, next: meta.next}")]
    public async Task Run_FullTwice_ChangesNothingUntilARecordGoes(string by, string pages)
    {
        var list = new ApiList();
        for (var id = 1; id <= 12; id++)
        {
            list.Put(id, "n");
        }

        await using var shop = await RestShop.StartAsync(medallion, list.AnswerAsync);
        var pipeline = await shop.PipelineAsync($"key: [id], load: full, rest: {{path: {by}, records: data.items, pages: {pages}}}");
        Assert.Equal(["bronze.orders", "silver.orders"], (await pipeline.SucceedAsync()).Built);
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        list.Remove(4);
        Assert.Equal(["bronze.orders", "silver.orders"], (await pipeline.SucceedAsync()).Built);

        Assert.Equal(list.All, await pipeline.QueryAsync("select id, label from silver.orders order by id"));
        Assert.Equal("11", await pipeline.ScalarAsync("select count(*) from bronze.orders"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_PostedCursor_GoesIntoTheBody()
    {
        var list = new ApiList();
        for (var id = 1; id <= 12; id++)
        {
            list.Put(id, "n", tie: false);
        }

        await using var shop = await RestShop.StartAsync(medallion, list.AnswerAsync);
        var pipeline = await shop.PipelineAsync(
            "key: [id], cursor: changed, rest: {path: graph, method: post, body: {query: 'orders(after: $after)', variables: {size: 5}}, parameters: body, since: variables.since, records: data.items, pages: {by: cursor, parameter: variables.after, next: meta.next}}");
        await pipeline.SucceedAsync();
        list.Put(3, "changed", tie: false);

        await pipeline.SucceedAsync();

        Assert.Equal(["/v1/graph", "/v1/graph", "/v1/graph", "/v1/graph"], shop.Requests);
        Assert.Equal(list.All, await pipeline.QueryAsync("select id, label from silver.orders order by id"));
        Assert.Equal("13", await pipeline.ScalarAsync("select count(*) from bronze.orders"));
    }

    [Fact]
    public async Task Run_RecordsMoveOverTheEdgesOfPages_TakesThemAll()
    {
        // The first record changes while the second page is asked for: the sixth takes the place of the fifth, which was read already.
        var list = new ApiList();
        for (var id = 1; id <= 12; id++)
        {
            list.Put(id, "n", tie: false);
        }

        list.Before = request =>
        {
            if (request == 1)
            {
                list.Put(1, "moved", tie: false);
            }
        };
        await using var shop = await RestShop.StartAsync(medallion, list.AnswerAsync);
        var pipeline = await shop.PipelineAsync(Keys("page", "{by: page}"));

        await pipeline.SucceedAsync();

        Assert.Equal(list.All, await pipeline.QueryAsync("select id, label from silver.orders order by id"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_RecordThatMovesAndComesAgainAlone_IsNoListWithoutAnEnd()
    {
        // The only record of the second page stands on the third as that is asked for: another came before it.
        var list = new ApiList();
        for (var id = 10; id <= 60; id += 10)
        {
            list.Put(id, "n", tie: false);
        }

        list.Before = request =>
        {
            if (request == 2)
            {
                list.Put(5, "n", tie: true);
            }
        };
        await using var shop = await RestShop.StartAsync(medallion, list.AnswerAsync);
        var pipeline = await shop.PipelineAsync(Keys("offset", "{by: offset}"));

        await pipeline.SucceedAsync();

        Assert.Contains(shop.Requests, r => r.Contains("offset=6", StringComparison.Ordinal));
        Assert.Equal(list.All, await pipeline.QueryAsync("select id, label from silver.orders order by id"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_ListThatNeverStands_TakesWhatComesAndGoesOnFromBefore()
    {
        var list = new ApiList();
        for (var id = 1; id <= 12; id++)
        {
            list.Put(id, "n", tie: false);
        }

        list.Before = request => list.Put((request % 12) + 1, $"r{request}", tie: false);
        await using var shop = await RestShop.StartAsync(medallion, list.AnswerAsync);
        var pipeline = await shop.PipelineAsync(Keys("offset", "{by: offset}"));
        await pipeline.SucceedAsync();
        list.Before = _ => { };

        await pipeline.SucceedAsync();

        Assert.Equal(list.All, await pipeline.QueryAsync("select id, label from silver.orders order by id"));
        Assert.DoesNotContain(shop.Requests, r => r.Contains("since", StringComparison.Ordinal));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_FullListThatNeverStands_IsTransient()
    {
        var list = new ApiList();
        for (var id = 1; id <= 12; id++)
        {
            list.Put(id, "n", tie: false);
        }

        list.Before = request => list.Put((request % 12) + 1, $"r{request}", tie: false);
        await using var shop = await RestShop.StartAsync(medallion, list.AnswerAsync);
        var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: page, records: data.items, pages: {by: page}}");

        var report = await pipeline.RunAsync("bronze.orders");

        Assert.Contains("The list shop/page changed each of the 3 times that it was read", report.Run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_RecordsWithoutAKeyAndOfTheSameContent_AreCounted()
    {
        var items = """{"label": "a", "seen": 1}, {"label": "a", "seen": 1}""";
        await using var shop = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(context, $"[{items}]"));
        var pipeline = await shop.PipelineAsync("cursor: seen, rest: {path: orders}");
        await pipeline.SucceedAsync();
        Assert.Empty((await pipeline.SucceedAsync()).Built);
        items += """, {"label": "a", "seen": 1}, {"label": "b", "seen": 2, "extra": true}""";

        await pipeline.SucceedAsync();

        Assert.Equal(["a|3", "b|1"], await pipeline.QueryAsync("select label, count(*) from silver.orders group by all order by 1"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_BoundaryRecordOnBothPages_IsTakenOnceWhereThereIsAKey()
    {
        await using var shop = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(
            context, context.Request.Query.ContainsKey("cursor") ? """{"items": [{"id": 2}, {"id": 3}]}""" : """{"items": [{"id": 1}, {"id": 2}], "next": 2}"""));
        var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: orders, records: items, pages: {by: cursor, next: next}}");

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal(["1", "2", "3"], await pipeline.QueryAsync("select id from bronze.orders order by id"));
        Assert.Empty((await pipeline.SucceedAsync("bronze.orders")).Built);
    }

    [Theory]
    [InlineData("page: 1", "{by: page}", "Page 5 of shop/orders has the same 1 records as a page before")]
    [InlineData("next: 7", "{by: cursor, next: next}", "names the same cursor again")]
    [InlineData("next: '/v1/orders?a=1'", "{by: link, next: next}", "names the same URL again")]
    [InlineData("count", "{by: page, max: 7}", "has more than 7 pages, and may not end at all")]
    public async Task Run_PagesThatNeverEnd_AreTold(string answer, string pages, string expected)
    {
        await using var shop = await RestShop.StartAsync(medallion, context => Task.CompletedTask);
        shop.Answer = context => RestShop.JsonAsync(context, $$"""{"items": [{"id": {{(answer.StartsWith("page", StringComparison.Ordinal) ? 1 : shop.Requests.Count)}}}], "next": {{(answer.StartsWith("next", StringComparison.Ordinal) ? answer[6..].Replace('\'', '"') : "null")}}}""");
        var pipeline = await shop.PipelineAsync($"key: [id], load: full, rest: {{path: orders, records: items, pages: {pages}}}");

        var report = await pipeline.RunAsync("bronze.orders");

        Assert.Contains(expected, report.Run.Error, StringComparison.Ordinal);
        Assert.Contains("Nothing was committed.", report.Run.Error, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<TerminalException>(() => pipeline.QueryAsync("select * from bronze.orders"));
    }

    private static string Keys(string path, string pages) => Incremental.Replace("@", path, StringComparison.Ordinal).Replace("#", pages, StringComparison.Ordinal);
}
