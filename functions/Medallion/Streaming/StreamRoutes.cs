using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Streaming;

/// <summary>A source that takes events, with the definition it is part of.</summary>
/// <param name="Pipeline">The definition.</param>
/// <param name="Source">The source.</param>
internal sealed record StreamTarget(CompiledPipeline Pipeline, SourceDefinition Source)
{
    public TableKey Bronze => new("bronze", Source.Name);

    public TableKey Silver => new("silver", Source.Name);

    /// <summary>The live aggregates of the source.</summary>
    public IEnumerable<AggregateDefinition> Aggregates => Pipeline.Definition.Aggregates.Where(a => a.From == Source.Name);

    public string Name => $"{Pipeline.Definition.Name}.{Source.Name}";
}

/// <summary>Which sources take the events of the hub that the app is bound to. Definitions are looked at again every few seconds: they can change without a deployment.</summary>
internal sealed class StreamRoutes(DefinitionStore definitions, StreamOptions options, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim turn = new(1);
    private IReadOnlyList<StreamTarget> targets = [];
    private IReadOnlyDictionary<string, string> broken = new Dictionary<string, string>();
    private DateTimeOffset? readUtc;

    /// <summary>The sources that take events of a hub, in the order of their names.</summary>
    /// <param name="hub">The hub.</param>
    /// <param name="anew">Whether an event names a source that is not among those known: it may have been added a moment ago.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<StreamTarget>> OfAsync(string hub, bool anew, CancellationToken cancellationToken)
    {
        var all = await (anew ? AnewAsync(cancellationToken) : AllAsync(cancellationToken));
        return [.. all.Where(t => string.Equals(t.Source.Stream?.Hub ?? options.Hub, hub, StringComparison.OrdinalIgnoreCase))];
    }

    /// <summary>All sources that are streams.</summary>
    public Task<IReadOnlyList<StreamTarget>> AllAsync(CancellationToken cancellationToken) => AllAsync(clock.GetUtcNow() - Freshness, cancellationToken);

    /// <summary>Whether an event that belongs to no known source may belong to one whose definition cannot work at the moment: it names that pipeline, or nobody takes events.</summary>
    /// <returns>What to tell; null: it belongs to none.</returns>
    public string? WhyUnknown(IReadOnlyList<StreamTarget> known, string? name) =>
        broken.FirstOrDefault(b => known.Count == 0 || name?.StartsWith($"{b.Key}.", StringComparison.Ordinal) == true) is { Key: { } pipeline, Value: var reason }
            ? $"The definition of pipeline '{pipeline}' cannot work, and events may be meant for it: {reason} Until it is mended they wait."
            : null;

    /// <summary>The source that an event names, or the only one there is; null: it belongs to none.</summary>
    public static StreamTarget? Find(IReadOnlyList<StreamTarget> targets, string? name) => name is null
        ? targets is [var only] ? only : null
        : targets.FirstOrDefault(t => t.Name == name) ?? (targets.Where(t => t.Source.Name == name).ToList() is [var found] ? found : null);

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    // What is read before the event came proves nothing; strangers' events must not make everybody read all the time.
    private async Task<IReadOnlyList<StreamTarget>> AnewAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (readUtc + ShortestPause - now is { } pause && pause > TimeSpan.Zero)
        {
            await Task.Delay(pause, clock, cancellationToken);
        }

        return await AllAsync(now, cancellationToken);
    }

    private async Task<IReadOnlyList<StreamTarget>> AllAsync(DateTimeOffset readSince, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            if (readUtc is not { } read || read <= readSince)
            {
                var begun = clock.GetUtcNow();
                targets = await ReadAsync(cancellationToken);
                readUtc = begun;
            }

            return targets;
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<IReadOnlyList<StreamTarget>> ReadAsync(CancellationToken cancellationToken)
    {
        var found = new List<StreamTarget>();
        var unreadable = new Dictionary<string, string>();
        foreach (var name in await definitions.ListAsync(cancellationToken))
        {
            try
            {
                var pipeline = await definitions.LoadAsync(name, cancellationToken);
                found.AddRange(pipeline.Definition.Sources.Where(s => s.Stream is not null).Select(s => new StreamTarget(pipeline, s)));
            }
            catch (Exception error) when (error is DefinitionException or UnknownPipelineException)
            {
                // While a definition cannot work, its sources go on by the one that could.
                var before = targets.Where(t => t.Pipeline.Definition.Name == name).ToList();
                found.AddRange(before);
                if (before.Count == 0)
                {
                    unreadable[name] = error.Message;
                }
            }
        }

        broken = unreadable;
        return found;
    }
}
