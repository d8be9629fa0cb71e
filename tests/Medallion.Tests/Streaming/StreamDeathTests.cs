using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Streaming;

namespace Pipeline.Medallion.Tests.Streaming;

/// <summary>An instance dies before each of its writes in turn; another one gets the events again, with what came after them.</summary>
public sealed class StreamDeathTests(StreamFixture medallion)
{
    private const string Yaml = """
        sources:
          sales:
            connector: eventhub
            hub: $
            land: every batch
            key: [id]
            columns:
              id: {type: bigint, required: true}
              amount: {type: bigint, required: true, min: 0}
        """;

    [Fact]
    public async Task Ingest_InstanceDiesBeforeAnyWrite_TheNextOneLosesAndDoublesNothing()
    {
        var created = await TestPipeline.CreateAsync(medallion, Yaml);
        var options = new StreamOptions { Hub = created.Name };
        var floor = medallion.Compose(TimeProvider.System, services => services.AddSingleton(options));
        var (pipeline, hub) = (created.On(floor), new TestHub(created.Name));
        var (sent, deaths, survived) = (0, 0, false);
        while (!survived)
        {
            var from = sent;
            Send();
            var dying = medallion.Compose(TimeProvider.System, services => services.AddSingleton(options).AddSingleton<ILake>(new DyingLake(created.Lake, deaths)));
            try
            {
                await hub.DeliverAsync(dying, 0, from);
                survived = true;
            }
            catch (TransientException)
            {
                deaths++;
            }

            Send();
            await hub.DeliverAsync(floor, 0, from);
            Assert.Equal($"{sent}|{sent}", await pipeline.ScalarAsync("select count(*), count(distinct _row) from bronze.sales"));
            Assert.Equal($"{sent / 2}|{sent / 2}", await pipeline.ScalarAsync("select count(*), count(distinct id) from silver.sales"));
            Assert.Equal($"{sent / 2}|{sent / 2}", await pipeline.ScalarAsync("select count(*), count(distinct row) from rejected.sales"));
        }

        // A file and a commit of each of the three tables, at least.
        Assert.True(deaths >= 6, $"It died {deaths} times only.");

        void Send()
        {
            hub.Send(0, new { id = sent++, amount = 1 });
            hub.Send(0, new { id = sent++, amount = -1 });
        }
    }

    [Fact]
    public async Task Ingest_SilverRefusedTimeAndAgain_LosesAndDoublesNothingAndReadsNothingAnew()
    {
        var created = await TestPipeline.CreateAsync(medallion, Yaml);
        var options = new StreamOptions { Hub = created.Name };
        var floor = medallion.Compose(TimeProvider.System, services => services.AddSingleton(options));
        var (pipeline, hub) = (created.On(floor), new TestHub(created.Name));
        hub.Send(0, new { id = 0, amount = 1 });
        hub.Send(0, new { id = 1, amount = -1 });
        await hub.DeliverAsync(floor, 0);
        var before = await SilverAsync();
        hub.Send(0, new { id = 2, amount = 1 });
        hub.Send(0, new { id = 3, amount = -1 });
        var refusing = medallion.Compose(TimeProvider.System, services => services.AddSingleton(options).AddSingleton<ILake>(new LakeWithoutSilver(created.Lake)));
        for (var attempt = 0; attempt < 25; attempt++)
        {
            await Assert.ThrowsAsync<TransientException>(() => hub.DeliverAsync(refusing, 0));
        }

        await hub.DeliverAsync(floor, 0);

        Assert.Equal(["0", "2"], await pipeline.QueryAsync("select id from silver.sales order by id"));
        Assert.Equal(["1", "3"], await pipeline.QueryAsync("select row from rejected.sales order by row"));
        Assert.Subset((await SilverAsync()).ToHashSet(), before.ToHashSet());

        async Task<IEnumerable<string>> SilverAsync() => (await floor.GetRequiredService<LakeTables>().Open(created.Name, new TableKey("silver", "sales")).ReadAsync((long?)null, TestContext.Current.CancellationToken))?.Files.Select(f => f.Path) ?? [];
    }

    // The commits to it: of an instance the first one is of bronze, and then one of rejected and one of silver take turns.
    private sealed class LakeWithoutSilver(ILake lake) : LakeDecorator(lake)
    {
        private int commits;

        protected override Task BeforeAsync(Call call, string path) =>
            call == Call.Create && path.Contains("/_delta_log/", StringComparison.Ordinal) && Interlocked.Increment(ref commits) is > 1 and var commit && commit % 2 == 1
                ? throw new TransientException("Silver is not there.")
                : Task.CompletedTask;
    }
}
