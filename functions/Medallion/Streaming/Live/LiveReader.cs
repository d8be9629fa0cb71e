using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>There is no such live aggregate.</summary>
public sealed class UnknownAggregateException(string message) : TerminalException(message);

/// <summary>Shows live aggregates: any instance puts together what all of them counted.</summary>
public sealed class LiveReader
{
    private readonly DefinitionStore definitions;
    private readonly LiveStore store;
    private readonly TimeProvider clock;

    internal LiveReader(DefinitionStore definitions, LiveStore store, TimeProvider clock) => (this.definitions, this.store, this.clock) = (definitions, store, clock);

    /// <summary>An aggregate's newest windows.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="aggregate">The aggregate's name.</param>
    /// <param name="windows">How many windows, at least 1; those that are closed can be seen for an hour of event time.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnknownPipelineException">There is no such pipeline.</exception>
    /// <exception cref="UnknownAggregateException">It has no such aggregate.</exception>
    public async Task<LiveAnswer> ReadAsync(string pipeline, string aggregate, int windows, CancellationToken cancellationToken)
    {
        var (target, definition) = await FindAsync(pipeline, aggregate, cancellationToken);
        return await ReadAsync(target, definition, windows, cancellationToken);
    }

    internal async Task<LiveAnswer> ReadAsync(StreamTarget target, AggregateDefinition definition, int windows, CancellationToken cancellationToken)
    {
        var name = LiveWindows.KeyOf(target.Pipeline.Definition.Name, definition.Name);
        var head = await store.HeadAsync(name, cancellationToken);
        var newest = head.Partitions.Count > 0 ? head.Partitions.Values.Max(p => p.LatestMs) : 0;
        var first = newest - (long)(definition.Size + (windows * definition.Every)).TotalMilliseconds;
        var rows = head.Partitions.Count > 0 ? await store.WindowsAsync(name, first, null, cancellationToken) : [];
        return new LiveAnswer
        {
            Pipeline = target.Pipeline.Definition.Name,
            Aggregate = definition.Name,
            TimeUtc = clock.GetUtcNow(),
            Version = head.Applied is { } applied ? Runs.TableVersion.Parse(applied).Version : -1,
            WatermarkUtc = head.WatermarkAt(clock.GetUtcNow(), LiveWindows.IdleOf(target.Source)) is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null,
            Late = head.Partitions.Values.Sum(p => p.Late),
            Dropped = head.Partitions.Values.Sum(p => p.Dropped),
            Windows = [.. rows.TakeLast(windows).Select(w => LiveGroups.Window(definition, w.Key, w.Value, head.ClosedThrough))],
        };
    }

    /// <summary>An aggregate and the source it is of.</summary>
    internal async Task<(StreamTarget Target, AggregateDefinition Aggregate)> FindAsync(string pipeline, string aggregate, CancellationToken cancellationToken)
    {
        var compiled = await definitions.LoadAsync(pipeline, cancellationToken);
        var definition = compiled.Definition;
        var found = definition.Aggregates.FirstOrDefault(a => a.Name == aggregate)
            ?? throw new UnknownAggregateException($"Pipeline '{pipeline}' has no live aggregate '{aggregate}'{(definition.Aggregates.Count == 0 ? "; it declares none" : $": it has {string.Join(", ", definition.Aggregates.Select(a => a.Name))}")}.");
        return (new StreamTarget(compiled, definition.Sources.First(s => s.Name == found.From)), found);
    }
}
