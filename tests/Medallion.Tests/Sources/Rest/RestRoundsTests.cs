namespace Pipeline.Medallion.Tests.Sources.Rest;

/// <summary>Orders come, change and go between and during the runs, also from one page to the next; when all is still, silver has what the API has.</summary>
public sealed class RestRoundsTests(MedallionFixture medallion)
{
    [Theory]
    [InlineData("page", "{by: page}", 1)]
    [InlineData("offset", "{by: offset}", 2)]
    [InlineData("cursor", "{by: cursor, parameter: after, next: meta.next}", 3)]
    [InlineData("link", "{by: link}", 4)]
    public async Task Run_ChangesFromPageToPage_GivesSilverAsTheApi(string by, string pages, int seed)
    {
        var random = new Random(seed);
        var list = new ApiList(limit: 4);
        Change(20);
        await using var shop = await RestShop.StartAsync(medallion, list.AnswerAsync);
        var pipeline = await shop.PipelineAsync(
            $"key: [id], cursor: changed, deleted: is_gone, rest: {{path: {by}, records: data.items, since: since, pages: {pages}}}", options: RestShop.Quick with { BatchBytes = 500 });
        for (var round = 0; round < SyncRounds.Of(2); round++)
        {
            Change(random.Next(10));
            var noise = random.Next(3);
            list.Before = _ => Change(random.Next(3) < noise ? random.Next(3) : 0);
            await pipeline.SucceedAsync("bronze.orders");
            list.Before = _ => { };
        }

        await pipeline.SucceedAsync();

        Assert.Equal(list.Living, await pipeline.QueryAsync("select id, label from silver.orders order by id"));
        Assert.Equal("true", await pipeline.ScalarAsync("select count(*) = count(distinct (id, label, is_gone, changed)) and count(*) = count(distinct (_file, _row)) from bronze.orders"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        void Change(int changes)
        {
            for (var change = 0; change < changes; change++)
            {
                list.Put(random.Next(60), $"l{random.Next(1000)}", gone: random.Next(5) == 0, tie: random.Next(3) > 0);
            }
        }
    }
}
