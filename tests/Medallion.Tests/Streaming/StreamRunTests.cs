using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Maintenance;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Streaming;

namespace Pipeline.Medallion.Tests.Streaming;

/// <summary>Streams beside what else happens to their tables and definitions.</summary>
public sealed class StreamRunTests(StreamFixture medallion)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_BesideAStream_LeavesItsTablesAndBuildsOnThem()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales, models: ("gold.totals", "select count(*) as n, sum(amount) as amount from silver.sales"));
        var floor = medallion.Compose(TimeProvider.System, services => services.AddSingleton(new StreamOptions { Hub = pipeline.Name }));
        var empty = await pipeline.On(floor).SucceedAsync();
        var noEvents = await ColumnsAsync();
        hub.Send(0, new { id = 1, amount = 2 });
        hub.Send(0, new { id = 2, amount = -2 });
        await hub.DeliverAsync(floor, 0);
        var first = await pipeline.On(floor).SucceedAsync();
        var second = await pipeline.On(floor).SucceedAsync();

        Assert.Equal(RunStatus.Succeeded, empty.Run.Status);
        Assert.Equal(noEvents, ["_enqueued_at", "_error", "_file", "_ingested_at", "_offset", "_partition", "_raw", "_row", "_run_id", "_source"]);
        Assert.Equal("1|2.00", await pipeline.ScalarAsync("select n, amount from gold.totals"));
        Assert.Equal(["gold.totals"], first.Built);
        Assert.Empty(second.Built);
        Assert.Equal("2", await pipeline.ScalarAsync("select count(*) from bronze.sales"));

        async Task<IEnumerable<string>> ColumnsAsync() =>
            (await floor.GetRequiredService<LakeTables>().Open(pipeline.Name, new("bronze", "sales")).ReadAsync((long?)null, Cancelled))!.Schema.Fields.Select(f => f.Name).Order(StringComparer.Ordinal);
    }

    /// <summary>Packing between and while events land changes no row, and nothing is read anew.</summary>
    [Fact]
    public async Task Maintain_WhileEventsLand_ChangesNoRow()
    {
        var (pipeline, hub) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        await pipeline.Floor.GetRequiredService<MaintenanceStore>().CreateAsync(Cancelled);
        var maintenance = pipeline.Floor.GetRequiredService<LakeMaintenance>();
        var work = Enumerable.Range(0, 6).Select(async round =>
        {
            await Task.Delay(150 * round, Cancelled);
            var request = await maintenance.BeginAsync(new MaintenanceRequest { Id = "", Pipeline = pipeline.Name }, Cancelled);
            var tables = await maintenance.PlanAsync(request, Cancelled);
            for (var number = 0; number < tables; number++)
            {
                var report = await maintenance.MaintainAsync(request.Id, number, $"m{round}-{number}", Cancelled);
                Assert.NotEqual(MaintenanceStatus.Failed, report.Status);
            }
        }).ToList();
        for (var id = 0; id < 12; id++)
        {
            hub.Send(id % 2, new { id, amount = id == 7 ? -1 : 1 });
            await StreamPipelines.RetriedAsync(() => hub.DeliverAsync(pipeline.Floor, id % 2));
        }

        await Task.WhenAll(work);
        hub.Send(0, new { id = 12, amount = 1 });
        await hub.DeliverAsync(pipeline.Floor, 0);

        Assert.Equal("13|12|1", await pipeline.ScalarAsync("select (select count(*) from bronze.sales), (select count(*) from silver.sales), (select count(*) from rejected.sales)"));
    }

    /// <summary>An event for a pipeline whose definition cannot work waits until it is mended.</summary>
    [Fact]
    public async Task Ingest_DefinitionBroken_WaitsAndLosesNothing()
    {
        var created = await TestPipeline.CreateAsync(medallion, "sources: nonsense");
        var clock = new ManualClock();
        var pipeline = created.On(medallion.Compose(clock, services => services.AddSingleton(new StreamOptions { Hub = created.Name })));
        var hub = new TestHub(created.Name);
        hub.Send(0, new { id = 1, amount = 1 });

        var waits = await Assert.ThrowsAsync<TransientException>(() => hub.DeliverAsync(pipeline.Floor, 0));
        await pipeline.DefineAsync(StreamPipelines.Sales);
        clock.Advance(TimeSpan.FromSeconds(20));
        await hub.DeliverAsync(pipeline.Floor, 0);

        Assert.Contains($"The definition of pipeline '{created.Name}' cannot work", waits.Message, StringComparison.Ordinal);
        Assert.Equal(["1"], await pipeline.QueryAsync("select id from silver.sales"));
    }

    [Fact]
    public async Task Run_SourceOfAnotherHub_IsRefused()
    {
        var (pipeline, _) = await StreamPipelines.CreateAsync(medallion, StreamPipelines.Sales);
        var floor = medallion.Compose(TimeProvider.System, services => services.AddSingleton(new StreamOptions { Hub = "bound" }));

        var refused = await Assert.ThrowsAsync<TerminalException>(() => pipeline.On(floor).RunAsync());

        Assert.Contains($"takes the events of the hub '{pipeline.Name}', but the app is bound to 'bound'", refused.Message, StringComparison.Ordinal);
    }
}
