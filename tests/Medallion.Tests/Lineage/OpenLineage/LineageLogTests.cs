using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Lineage.OpenLineage;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Lineage.OpenLineage;

/// <summary>What is in the events is held against the published schemas where the app answers them (App.Tests).</summary>
public sealed class LineageLogTests(MedallionFixture medallion)
{
    private const string Items = "sources: {items: {connector: file, path: $/*.csv, columns: {id: {type: bigint}}}}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_LineageCannotBeWritten_SucceedsAndLogsIt()
    {
        var log = new Recorded();
        var floor = medallion.Compose(TimeProvider.System, services =>
        {
            var lake = (ILake)services.Single(s => s.ServiceType == typeof(ILake)).ImplementationInstance!;
            services.AddSingleton(FailingLake.Over(lake));
            services.AddSingleton<ILogger<LineageLog>>(log);
        });
        var pipeline = (await TestPipeline.CreateAsync(medallion, Items)).On(floor);
        await pipeline.LandAsync("a.csv", "id\n1\n");

        var report = await pipeline.SucceedAsync();

        Assert.Empty(await medallion.Floor.GetRequiredService<LineageLog>().ReadAsync(report.Run.Id, Cancelled));
        Assert.Equal([$"{report.Run.Id} (start)", $"{report.Run.Id} (end)"], log.Lines.Select(line => line.Split("run ")[1].Split(" could")[0]));
    }

    [Fact]
    public async Task Run_EveryActivityTwice_WritesTheSameFiles()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Items);
        await pipeline.LandAsync("a.csv", "id\n1\n");

        var report = await new RunDriver(medallion.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), Cancelled);

        var files = new List<string>();
        await foreach (var file in pipeline.Lake.ListAsync(new LakePath("pipelines", $".lineage/{pipeline.Name}"), Cancelled))
        {
            files.Add(file.Path.Path);
        }

        var day = report.Run.StartedUtc.UtcDateTime.ToString("yyyy'/'MM'/'dd", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal([$".lineage/{pipeline.Name}/{day}/{report.Run.Id}/end.ndjson", $".lineage/{pipeline.Name}/{day}/{report.Run.Id}/start.ndjson"], files);
        var events = await medallion.Floor.GetRequiredService<LineageLog>().ReadAsync(report.Run.Id, Cancelled);
        Assert.Equal(["START", "START", "COMPLETE", "START", "COMPLETE", "COMPLETE"], events.Select(e => e["eventType"]!.GetValue<string>()));
        Assert.Equal(3, events.Select(e => e["run"]!["runId"]!.GetValue<string>()).Distinct().Count());
    }

    [Fact]
    public async Task Run_DefinitionThatCannotWork_BeginsAndFails()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, Items);
        var request = await pipeline.RequestAsync();
        await medallion.Floor.GetRequiredService<PipelineSteps>().EndAsync(new RunEnd { RunId = request.RunId, Pipeline = pipeline.Name, Error = "it cannot work" }, Cancelled);

        var events = await medallion.Floor.GetRequiredService<LineageLog>().ReadAsync(request.RunId, Cancelled);

        Assert.Equal(["START", "FAIL"], events.Select(e => e["eventType"]!.GetValue<string>()));
        Assert.Equal("it cannot work", events[1]["run"]!["facets"]!["errorMessage"]!["message"]!.GetValue<string>());
    }

    /// <summary>The ids follow from ours: other tools, and later versions of this one, find the same run.</summary>
    [Fact]
    public void RunId_SameName_IsTheSameUuid()
    {
        var id = LineageNames.RunId("northwind.1");

        Assert.Equal("e46ca552", id[..8]);
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id);
        Assert.NotEqual(id, LineageNames.RunId("northwind.1", new("silver", "sales")));
    }

    private sealed class Recorded : ILogger<LineageLog>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));
    }

    /// <summary>A lake that takes everything but lineage.</summary>
    public class FailingLake : DispatchProxy
    {
        private ILake? lake;

        public static ILake Over(ILake lake)
        {
            var proxy = Create<ILake, FailingLake>();
            ((FailingLake)(object)proxy).lake = lake;
            return proxy;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod!.Name == nameof(ILake.WriteAsync) && args![0] is LakePath { Path: var path } && path.StartsWith(".lineage", StringComparison.Ordinal)
                ? throw new TransientException("The storage is full.")
                : targetMethod.Invoke(lake, args);
    }
}
