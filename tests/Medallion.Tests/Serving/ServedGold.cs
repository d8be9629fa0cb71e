using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Serving.Targets;

namespace Pipeline.Medallion.Tests.Serving;

/// <summary>A table of gold of one test, and its serving: versions are written, and served by runs of rising numbers.</summary>
internal sealed class ServedGold(IServiceProvider floor, ServeDefinition serve)
{
    private readonly string pipeline = TestPipeline.FreshName();
    private long number = 1000;
    private int invocations;

    public ServeDefinition Serve { get; set; } = serve;

    public string Pipeline => pipeline;

    public DeltaTable Table => floor.GetRequiredService<LakeTables>().Open(pipeline, Serve.Table);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static ServeDefinition Definition(string target, ServeMode mode = ServeMode.Replace, params string[] key) => new()
    {
        Table = new TableKey("gold", "t"),
        Connection = "shop",
        Target = target,
        Mode = mode,
        Key = key,
        Line = new SourceLine("pipeline.yaml", 7),
    };

    /// <summary>The same table, served by another instance.</summary>
    public ServedGold On(IServiceProvider other) => new(other, Serve, pipeline, number);

    private ServedGold(IServiceProvider floor, ServeDefinition serve, string pipeline, long number)
        : this(floor, serve) => (this.pipeline, this.number) = (pipeline, number);

    /// <summary>A version with these rows only.</summary>
    public async Task<long> WriteAsync(string select)
    {
        using var session = floor.GetRequiredService<Engine>().OpenSession();
        var added = await floor.GetRequiredService<DataFileWriter>().WriteAsync(session, select, Table.Root, [], Invocation(), Cancelled);
        var commit = new DeltaCommit { Operation = "BUILD", Mode = CommitMode.Overwrite, Schema = DeltaSchema.FromDuckDb(session.Describe(select)), Add = added };
        return (await Table.CommitAsync(commit, Cancelled)).Version;
    }

    /// <summary>A version with these rows merged by key.</summary>
    public async Task MergeAsync(string select, bool deleteMissing = false)
    {
        using var session = floor.GetRequiredService<Engine>().OpenSession();
        await new DeltaMerge(floor.GetRequiredService<ILake>(), floor.GetRequiredService<FileCache>(), TimeProvider.System).RunAsync(
            session, Table.Root, new MergeRequest { Select = select, Key = Serve.Key, DeleteMissing = deleteMissing, Widen = true }, Invocation(), Cancelled);
    }

    /// <summary>Serves a version, by default the newest, in a run of its own.</summary>
    public async Task<StepOutcome> ServeAsync(long? version = null, long? run = null, bool rebuild = false) => await ServeAsync(await WorkAsync(version, run, rebuild));

    public Task<StepOutcome> ServeAsync(StepWork work) => floor.GetRequiredService<TableServer>().ServeAsync(
        new Step { Table = Serve.Step, Kind = StepKind.Serve, Inputs = [Serve.Table], Level = 9, Definition = $"{Serve.Mode} {Serve.Target} {string.Join(',', Serve.Key)} {Json.Write(Serve.Indexes)}" },
        Serve,
        work,
        Invocation(),
        Cancelled);

    public async Task<StepWork> WorkAsync(long? version = null, long? run = null, bool rebuild = false) => new()
    {
        RunId = "run",
        Pipeline = pipeline,
        Definition = "",
        PlanId = "",
        Number = run ?? ++number,
        TimeUtc = DateTimeOffset.UnixEpoch,
        Table = Serve.Step,
        Rebuild = rebuild,
        Inputs = new Dictionary<TableKey, long> { [Serve.Table] = version ?? (await Table.ReadAsync(null, Cancelled))?.Version ?? 0 },
    };

    private string Invocation() => string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}{++invocations}");
}
