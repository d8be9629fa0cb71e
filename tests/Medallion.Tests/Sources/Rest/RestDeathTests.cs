using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;

namespace Pipeline.Medallion.Tests.Sources.Rest;

/// <summary>An instance dies before each of its writes in turn, while the list changes; another one runs the pipeline again.</summary>
public sealed class RestDeathTests(MedallionFixture medallion)
{
    [Fact]
    public async Task Run_InstanceDiesBeforeAnyWrite_TheNextOneLosesAndDoublesNothing()
    {
        var list = new ApiList(limit: 3);
        await using var shop = await RestShop.StartAsync(medallion, list.AnswerAsync);
        var small = RestShop.Quick with { BatchBytes = 400 };
        var living = await shop.PipelineAsync("key: [id], cursor: changed, deleted: is_gone, rest: {path: cursor, records: data.items, since: since, pages: {by: cursor, parameter: after, next: meta.next}}", options: small);
        var (deaths, survived, versions) = (0, false, 0);
        while (!survived)
        {
            // Some are new, one has changed, and one has the value at which the last load ended.
            list.Put((10 * deaths) + 1, "tie");
            list.Put((10 * deaths) + 2, "new", tie: false);
            list.Put((10 * deaths) + 3, "new");
            list.Put((10 * deaths) - 8, "changed");
            versions += 4;
            var dying = living.On(shop.Compose(options: small, change: services => services.AddSingleton<ILake>(new DyingLake(living.Lake, deaths))));
            survived = await TryAsync(dying);
            deaths += survived ? 0 : 1;
            await living.SucceedAsync("bronze.orders");
            Assert.Equal($"{versions}|{versions}|{versions}", await living.ScalarAsync("select count(*), count(distinct (id, label, changed)), count(distinct (_file, _row)) from bronze.orders"));
        }

        await living.SucceedAsync();
        Assert.Equal(list.Living, await living.QueryAsync("select id, label from silver.orders order by id"));

        // The part, the manifest, a data file and a commit, at least.
        Assert.True(deaths >= 4, $"It died {deaths} times only.");
    }

    private static async Task<bool> TryAsync(TestPipeline dying)
    {
        try
        {
            return (await dying.RunAsync("bronze.orders")).Run.Error is null;
        }
        catch (TransientException)
        {
            return false;
        }
    }

    private sealed class DyingLake(ILake lake, int writes) : LakeDecorator(lake)
    {
        private int done;
        private volatile bool dead;

        protected override Task BeforeAsync(Call call, string path)
        {
            dead |= call is Call.Write or Call.Create or Call.Upload && Interlocked.Increment(ref done) > writes;
            return dead ? throw new TransientException("This instance is dead.") : Task.CompletedTask;
        }
    }
}
