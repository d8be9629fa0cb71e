using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Audit;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.Health;

namespace Pipeline.Medallion.Tests.Sources.Health;

public sealed class SourceMonitorTests(MedallionFixture medallion)
{
    private const string Secret = "planted-0123456789abcdef";

    private const string Yaml = """
        sources:
          items: {connector: file, path: $/*.csv}
          paid: {connector: webhook, connection: hooks, columns: {id: {type: varchar}}}
          refunds: {connector: webhook, connection: nowhere, columns: {id: {type: varchar}}}
          orders: {connector: sql, connection: nowhere, table: orders, load: full}
          clicks: {connector: eventhub, hub: elsewhere, columns: {id: {type: varchar}}}
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check_SourcesOfEachKind_TellsWhichCanBeReachedAndNotesTheSecretsUsed()
    {
        var (pipeline, monitor) = await CreateAsync();
        var begun = DateTimeOffset.UtcNow;
        await pipeline.LandAsync("a.csv", "id\n1\n");
        Assert.All(await monitor.ListAsync(pipeline.Name, Cancelled), s => Assert.Null(s.Check));

        await monitor.CheckAsync(pipeline.Name, Cancelled);
        var sources = await monitor.ListAsync(pipeline.Name, Cancelled);

        Assert.Equal(["items", "paid", "refunds", "orders", "clicks"], sources.Select(s => s.Source));
        Assert.Equal([true, true, false, false, false], sources.Select(s => s.Check?.Reachable));
        Assert.Equal("files are there", sources[0].Check?.Detail);
        Assert.Equal("the container answers; no file is there", sources[1].Check?.Detail);
        Assert.All(sources.Skip(2).Take(2), s => Assert.StartsWith("There is no connection 'nowhere': expected the setting Connections__nowhere", s.Check?.Detail, StringComparison.Ordinal));
        Assert.Equal("The source takes the events of the hub 'elsewhere', but the app is bound to none (setting EventHub__Name).", sources[4].Check?.Detail);
        Assert.All(sources, s => Assert.InRange(s.Check?.CheckedUtc ?? default, begun, DateTimeOffset.UtcNow));
        Assert.DoesNotContain(Secret, Json.Write(sources), StringComparison.Ordinal);
        var uses = await pipeline.Floor.GetRequiredService<AuditLog>().ReadAsync(new AuditFilter { What = "secret.use", FromUtc = begun }, 100, Cancelled);
        Assert.Equal(
            [("check", "connections/hooks", $"{pipeline.Name}.paid"), ("check", "connections/nowhere", $"{pipeline.Name}.orders"), ("check", "connections/nowhere", $"{pipeline.Name}.refunds")],
            uses.Where(u => u.Detail!.StartsWith($"{pipeline.Name}.", StringComparison.Ordinal)).Select(u => (u.Who, u.Target, u.Detail!)).Order());
    }

    [Fact]
    public async Task List_AfterRuns_TellsTheLastOneTheLastRowsAndTheLag()
    {
        var (pipeline, monitor) = await CreateAsync();
        var before = (await monitor.ListAsync(pipeline.Name, Cancelled))[0];
        await pipeline.LandAsync("a.csv", "id\n1\n2\n");
        var first = await pipeline.RunAsync("bronze.items");
        var second = await pipeline.RunAsync("bronze.items");
        await pipeline.RunAsync("silver.items");

        var items = (await monitor.ListAsync(pipeline.Name, Cancelled))[0];

        Assert.Equal((null, null, null, 0L), (before.LastRun, before.LastLoad, before.LagSeconds, before.Rows));
        Assert.Equal((second.Run.Id, StepStatus.Unchanged, (string?)null), (items.LastRun?.RunId, items.LastRun?.Status, items.LastRun?.Error));
        Assert.Equal((first.Run.Id, 2L, 2L), (items.LastLoad?.RunId, items.LastLoad?.Rows, items.Rows));
        Assert.Equal(Math.Round(2 / first["bronze.items"].Seconds, 1), items.LastLoad?.RowsPerSecond);
        Assert.InRange(items.LagSeconds ?? -1, 0, (DateTimeOffset.UtcNow - second.Run.StartedUtc).TotalSeconds);
    }

    [Fact]
    public async Task List_SourceThatFailed_TellsWhyAndLagsSinceItsLastRows()
    {
        var (pipeline, monitor) = await CreateAsync();

        var report = await pipeline.RunAsync("bronze.orders", "bronze.items");
        var sources = await monitor.ListAsync(pipeline.Name, Cancelled);

        Assert.Equal(RunStatus.Failed, report.Run.Status);
        Assert.Equal((StepStatus.Failed, (double?)null), (sources[3].LastRun?.Status, sources[3].LagSeconds));
        Assert.StartsWith("There is no connection 'nowhere'", sources[3].LastRun?.Error, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UnknownPipelineException>(() => monitor.ListAsync("nobodys", Cancelled));
    }

    private async Task<(TestPipeline Pipeline, SourceMonitor Monitor)> CreateAsync()
    {
        var pipeline = (await TestPipeline.CreateAsync(medallion, Yaml)).On(medallion.Compose(
            TimeProvider.System, services => services.AddSingleton(new Connections([KeyValuePair.Create<string, string?>("hooks", $"Secret={Secret}")]))));
        return (pipeline, pipeline.Floor.GetRequiredService<SourceMonitor>());
    }
}
