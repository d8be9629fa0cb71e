using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;

namespace Pipeline.Medallion.Tests.Sources.Rest;

/// <summary>What becomes of records, cursors and validators.</summary>
public sealed class RestRecordTests(MedallionFixture medallion)
{
    [Fact]
    public async Task Run_RecordsThatAreNone_AreMalformedRows()
    {
        await using var shop = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(context, """
            {"data": {"list": [
              {"id": 1, "a": {"b": [1, {"c": null}]}, "t": "x\ny", "ID": 5},
              7, "text", null, [1, 2],
              {"id": 2, "a": "\u00e4\ud83d\ude00", "_file": "mine"}
            ], "other": [[{"list": [9]}]]}, "list": [10]}
            """));
        var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: a b/orders, records: data.list}");

        await pipeline.SucceedAsync();

        Assert.Equal(["/v1/a%20b/orders"], shop.Requests.Select(r => r.Replace(" ", "%20", StringComparison.Ordinal)));
        Assert.Equal(
            ["1|1|{\"b\":[1,{\"c\":null}]}|x\ny|5|null", "2|null|null|null|null|7", "3|null|null|null|null|\"text\"", "4|null|null|null|null|null", "5|null|null|null|null|[1, 2]", "6|2|ä😀|null|null|null"],
            await pipeline.QueryAsync("select _row, id, a, t, ID_2, _raw from bronze.orders order by _row"));
        Assert.Equal(["malformed", "malformed", "malformed", "malformed"], await pipeline.QueryAsync("select failures[1].rule from rejected.orders"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_EmptyListsOfEveryKind_GiveAnEmptyTable()
    {
        foreach (var answer in new[] { """{"items": []}""", """{"items": null}""", "" })
        {
            await using var shop = await RestShop.StartAsync(medallion, context =>
            {
                context.Response.StatusCode = answer.Length == 0 ? 204 : 200;
                return answer.Length == 0 ? Task.CompletedTask : RestShop.JsonAsync(context, answer);
            });
            var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: orders, records: items, pages: {by: page}}, columns: {id: {type: bigint}}");
            await pipeline.SucceedAsync("bronze.orders");

            Assert.Equal("0", await pipeline.ScalarAsync("select count(*) from bronze.orders"));
            Assert.Empty((await pipeline.SucceedAsync("bronze.orders")).Built);
        }
    }

    [Theory]
    [InlineData("'2026-01-31T10:00:00.5Z'", "", "2026-01-31T10:00:00.5Z")]
    [InlineData("'2026-01-31T12:00:00+02:00'", "lookback: 10m,", "2026-01-31T09:50:00Z")]
    [InlineData("'2026-01-31'", "lookback: 1d,", "2026-01-30")]
    [InlineData("'2026-01-31T10:00:00'", "lookback: 1m, since_format: seconds,", "1769853540")]
    [InlineData("'2026-01-31 10:00:00.123456789+00'", "since_format: milliseconds,", "1769853600123")]
    [InlineData("'2026-01-31T10:00:00Z'", "since_format: date,", "2026-01-31")]
    [InlineData("1769853600", "lookback: 1m, since_format: seconds,", "1769853540")]
    [InlineData("1769853600.25", "", "1769853600.25")]
    [InlineData("'b'", "", "b")]
    public async Task Run_CursorOfAnyKind_IsAskedForFromItsGreatestValueOn(string value, string keys, string expected)
    {
        var (format, lookback) = (keys.Split(", ").FirstOrDefault(k => k.StartsWith("since_format", StringComparison.Ordinal)) ?? "", keys.Split(", ").FirstOrDefault(k => k.StartsWith("lookback", StringComparison.Ordinal)) ?? "");
        var less = value[0] != '\'' ? "9" : value == "'b'" ? "'B'" : "'2025-12-31'";
        await using var shop = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(context, $$$"""[{"id": 1, "x": {"at": {{{value}}}}}, {"id": 2, "x": {"at": {{{less}}}}}, {"id": 3}]""".Replace('\'', '"')));
        var pipeline = await shop.PipelineAsync($"key: [id], cursor: x.at, {(lookback.Length > 0 ? $"{lookback.TrimEnd(',')}, " : "")}rest: {{path: orders, since: from{(format.Length > 0 ? $", {format.TrimEnd(',')}" : "")}}}");
        await pipeline.SucceedAsync("bronze.orders");

        Assert.Empty((await pipeline.SucceedAsync("bronze.orders")).Built);

        Assert.Equal(["/v1/orders", $"/v1/orders?from={Uri.EscapeDataString(expected)}"], shop.Requests);
        Assert.Equal("3", await pipeline.ScalarAsync("select count(*) from bronze.orders"));
    }

    [Theory]
    [InlineData("cursor: changed, rest: {path: orders}", "'cursor' of source 'orders' names 'changed', which no record of shop/orders has")]
    [InlineData("cursor: day, lookback: 1d, rest: {path: orders, since: from}", "'lookback' of source 'orders' needs a cursor that is a time, but 'day' has values such as '2026-01-31 10:00:00 Europe/Zurich'")]
    [InlineData("cursor: id, lookback: 1m, rest: {path: orders, since: from}", "'lookback' of source 'orders' needs a cursor that is a time, but 'id' has values such as '1'")]
    public async Task Run_CursorThatDoesNotServe_IsRefused(string keys, string expected)
    {
        await using var shop = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(context, """[{"id": 1, "day": "2026-01-31 10:00:00 Europe/Zurich"}]"""));
        var pipeline = await shop.PipelineAsync(keys);
        var first = await pipeline.RunAsync("bronze.orders");

        var error = first.Run.Error ?? (await pipeline.RunAsync("bronze.orders")).Run.Error;

        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ETag", "\"v1\"", "If-None-Match")]
    [InlineData("Last-Modified", "Sat, 31 Jan 2026 10:00:00 GMT", "If-Modified-Since")]
    public async Task Plan_ListThatTheServerKnowsToBeUnchanged_IsNotTaken(string header, string value, string condition)
    {
        var (label, current) = ("a", value);
        await using var shop = await RestShop.StartAsync(medallion, context =>
        {
            context.Response.Headers[header] = current;
            if (context.Request.Headers[condition] == current)
            {
                context.Response.StatusCode = 304;
                return Task.CompletedTask;
            }

            return RestShop.JsonAsync(context, $$"""[{"id": 1, "label": "{{label}}"}]""");
        });
        var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: orders}");
        await pipeline.SucceedAsync();

        var second = await pipeline.SucceedAsync();

        Assert.Empty(second.Built);
        Assert.Equal("the API says that nothing has changed", Assert.Single(second.Plan.Steps, s => s.Table.Layer == "bronze").Why);
        Assert.Equal(2, shop.Requests.Count);
        (label, current) = ("b", value.Replace('1', '2'));
        await pipeline.SucceedAsync();
        Assert.Equal("b", await pipeline.ScalarAsync("select label from silver.orders"));
    }

    [Fact]
    public async Task Run_AnswerThatDoesNotSayWhatComesNext_IsNoted()
    {
        await using var shop = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(context, """{"items": [{"id": 1}], "next_page": "b"}"""));
        var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: orders, records: items, pages: {by: cursor, next: next}}");

        var report = await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal("The first answer has no 'next', which says what comes next: it was taken as the only page.", report["bronze.orders"].Note);
    }

    [Fact]
    public async Task Run_ListThatIsNotThereOnTheLastPage_IsEmpty()
    {
        await using var shop = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(context, context.Request.Query["page"] == "1" ? """{"items": [{"id": 1}]}""" : """{"count": 0}"""));
        var pipeline = await shop.PipelineAsync("key: [id], load: full, rest: {path: orders, records: items, pages: {by: page}}");

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal("1", await pipeline.ScalarAsync("select count(*) from bronze.orders"));
    }

    [Fact]
    public async Task Run_Increment_FetchesThoseFilesOfBronzeThatMayHaveItsRecords()
    {
        var days = 3;
        await using var shop = await RestShop.StartAsync(medallion, context =>
        {
            var since = context.Request.Query["from"].ToString();
            return RestShop.JsonAsync(context, $"[{string.Join(", ", Enumerable.Range(1, days).Select(d => $"2026-01-{d:00}").Where(d => string.CompareOrdinal(d, since) >= 0).Select(d => $$"""{"id": "{{d}}", "at": "{{d}}"}"""))}]");
        });
        var pipeline = await shop.PipelineAsync("key: [id], cursor: at, rest: {path: orders, since: from}");
        foreach (var more in new[] { 0, 1, 1 })
        {
            days += more;
            await pipeline.SucceedAsync("bronze.orders");
        }

        days++;
        var fetched = new Fetched(pipeline.Lake);
        await pipeline.On(shop.Compose(change: services => services.AddSingleton<ILake>(fetched))).SucceedAsync("bronze.orders");

        Assert.Equal(["/v1/orders", "/v1/orders?from=2026-01-03", "/v1/orders?from=2026-01-04", "/v1/orders?from=2026-01-05"], shop.Requests);
        Assert.Equal(["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06"], await pipeline.QueryAsync("select id from bronze.orders order by id"));
        Assert.Single(fetched.Files);
    }

    [Fact]
    public async Task Run_RecordsWithoutAKey_AreTakenAsOftenAsTheyCome()
    {
        var records = """{"at": 1}, {"at": 2}, {"at": 2}, {"at": null}""";
        await using var shop = await RestShop.StartAsync(medallion, context => RestShop.JsonAsync(context, $"[{records}]"));
        var pipeline = await shop.PipelineAsync("cursor: at, rest: {path: orders}");
        await pipeline.SucceedAsync("bronze.orders");

        records += """, {"at": 2}, {"at": null}, {"at": null}, {"at": 3}, 7""";
        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal(["1|1", "2|3", "3|1", "null|4"], await pipeline.QueryAsync("select \"at\", count(*) from bronze.orders group by 1 order by 1 nulls last"));
        Assert.Empty((await pipeline.SucceedAsync("bronze.orders")).Built);
    }

    private sealed class Fetched(ILake lake) : LakeDecorator(lake)
    {
        public ConcurrentBag<string> Files { get; } = [];

        protected override Task BeforeAsync(Call call, string path)
        {
            if (call == Call.Download && path.Contains("/orders/", StringComparison.Ordinal) && !path.Contains("_delta_log", StringComparison.Ordinal))
            {
                Files.Add(path);
            }

            return Task.CompletedTask;
        }
    }
}
