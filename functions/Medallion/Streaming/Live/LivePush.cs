using System.Collections.Concurrent;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>Tells which live aggregates have counted more since they were last asked for.</summary>
public sealed class LivePush
{
    // The window that fills, and the one before that late events change.
    private const int Windows = 2;
    private readonly StreamRoutes routes;
    private readonly LiveReader reader;
    private readonly LiveStore store;
    private readonly ConcurrentDictionary<string, string?> told = new();

    internal LivePush(StreamRoutes routes, LiveReader reader, LiveStore store) => (this.routes, this.reader, this.store) = (routes, reader, store);

    /// <summary>The aggregates that changed, each with its newest windows. What was told before this instance began is told again.</summary>
    public async Task<IReadOnlyList<LiveAnswer>> NextAsync(CancellationToken cancellationToken)
    {
        var changed = new List<LiveAnswer>();
        foreach (var (target, aggregate) in (await routes.AllAsync(cancellationToken)).SelectMany(t => t.Aggregates.Select(a => (t, a))))
        {
            var name = LiveWindows.KeyOf(target.Pipeline.Definition.Name, aggregate.Name);
            var applied = await store.AppliedAsync(name, cancellationToken);
            if (applied is not null && applied != told.GetValueOrDefault(name))
            {
                told[name] = applied;
                changed.Add(await reader.ReadAsync(target, aggregate, Windows, cancellationToken));
            }
        }

        return changed;
    }
}
