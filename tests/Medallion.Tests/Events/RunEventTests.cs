using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Medallion.Events;

namespace Pipeline.Medallion.Tests.Events;

public sealed class RunEventTests(MedallionFixture medallion)
{
    private const string Yaml = """
        sources:
          items:
            connector: file
            path: $/*.csv
            columns:
              id: {from: id, type: bigint, required: true}
        """;

    /// <summary>Nobody listens there.</summary>
    private const string Nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_EveryActivityTwice_IsToldOnce()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Yaml, ("gold.counted", "select count(*) as n from silver.items"));
        await pipeline.LandAsync("a.csv", "id\n1\nx\n");

        var report = await new RunDriver(medallion.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), Cancelled);

        var events = await EventsAsync(pipeline.Name);
        Assert.Equal(
            ["run.started ", "step.succeeded bronze.items", $"schema.registered {pipeline.Name}.items", "step.succeeded silver.items", "step.succeeded gold.counted", "quality.verdict silver.items", "run.succeeded "],
            events.Select(e => $"{e.Type} {e.Subject}"));
        Assert.All(events, e => Assert.Equal(report.Run.Id, e.RunId));
        Assert.Equal(
            ["", "/bronze.items", "/bronze.items", "/silver.items", "/gold.counted", "/silver.items", ""], events.Select(e => e.Source[pipeline.Name.Length..]));
        Assert.Equal("""{"version":0,"rowsIn":2,"rowsOut":1,"rowsRejected":1}""", Json.Write(events[3].Data));
    }

    [Fact]
    public async Task Run_StepFails_FailureAndSkippedStepsAreTold()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Yaml, ("silver.wrong", "select error('it broke') as n from silver.items"), ("gold.after", "select * from silver.wrong"));
        await pipeline.LandAsync("a.csv", "id\n1\n");

        await new RunDriver(medallion.Floor).RunAsync(await pipeline.RequestAsync(), Cancelled);

        var events = (await EventsAsync(pipeline.Name)).SkipWhile(e => e.Type != "step.failed").ToList();
        Assert.Equal(["step.failed silver.wrong", "quality.verdict silver.items", "step.skipped gold.after", "run.failed "], events.Select(e => $"{e.Type} {e.Subject}"));
        Assert.Contains("it broke", events[0].Message, StringComparison.Ordinal);
        Assert.Contains("it broke", events[3].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_LogIsDown_SucceedsWithout()
    {
        var options = new TableClientOptions();
        options.Retry.MaxRetries = 0;
        using var down = new EventLog(new TableServiceClient(Nowhere, options), TimeProvider.System, NullLogger.Instance);
        var floor = medallion.Compose(TimeProvider.System, services => services.AddSingleton(down));
        var pipeline = (await TestPipeline.CreateAsync(medallion, Yaml)).On(floor);
        await pipeline.LandAsync("a.csv", "id\n1\n");

        await pipeline.SucceedAsync();

        Assert.Equal("1", await pipeline.ScalarAsync("select count(*) from silver.items"));
        Assert.Empty(await EventsAsync(pipeline.Name));
    }

    private async Task<IReadOnlyList<PipelineEvent>> EventsAsync(string pipeline) =>
        (await medallion.Floor.GetRequiredService<EventLog>().ReadAsync(new EventFilter { Source = pipeline }, 0, EventLog.MaxLimit, Cancelled)).Events;
}
