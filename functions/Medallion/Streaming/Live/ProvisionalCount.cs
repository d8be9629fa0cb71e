using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>Counts the events of one source that are not committed yet on top of what is. For one caller at a time; after a failure only <see cref="Dispose"/> is of use.</summary>
internal sealed class ProvisionalCount(StreamTarget target, LakeTables tables, Engine engine, TableReader reader, LiveStore store, TimeProvider clock) : IDisposable
{
    /// <summary>The window that fills, and the one before that late events change.</summary>
    public const int Windows = 2;

    // Values that columns refer to are read again so often.
    private static readonly TimeSpan SessionAge = TimeSpan.FromMinutes(5);
    private readonly IReadOnlyList<AggregateDefinition> aggregates = [.. target.Aggregates.Where(a => a.Mode == LiveMode.Event)];
    private readonly Dictionary<string, string> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> covered = new(StringComparer.Ordinal);
    private CommittedCounts? counts;
    private IReadOnlyList<Committed> committed = [];
    private PendingEvents? pending;
    private DateTimeOffset openedUtc;

    /// <summary>The source, as it was when this was made.</summary>
    public StreamTarget Target => target;

    /// <summary>Counts batches on top of what was counted, and of what is committed.</summary>
    public async Task<IReadOnlyList<LiveAnswer>> CountAsync(IReadOnlyList<Arrival> batch, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (pending is null || (now - openedUtc > SessionAge && target.Source.Columns.Any(c => c.References is not null)))
        {
            pending = await PendingEvents.OpenAsync(target, aggregates, pending, tables, engine, reader, now, cancellationToken);
            openedUtc = now;
        }

        counts ??= new CommittedCounts(target, aggregates, store, clock);
        var latest = await counts.ReadAsync(cancellationToken);
        if (!ReferenceEquals(latest, committed))
        {
            Adopt(latest);
            pending.Forget(covered, cancellationToken);
        }

        pending.Add(batch.SelectMany(a => a.Events.Select(e => (a.Partition.Id, FileOf(a.Partition), e))), covered, cancellationToken);
        return [.. aggregates.Select((aggregate, place) => Answer(aggregate, pending.Windows(place, committed[place].Head.ClosedThrough), committed[place], now))];
    }

    /// <inheritdoc/>
    public void Dispose() => pending?.Dispose();

    // The position in the table tells which incarnation of the hub this is. What one aggregate lacks is counted for all.
    private void Adopt(IReadOnlyList<Committed> latest)
    {
        committed = latest;
        files.Clear();
        covered.Clear();
        foreach (var partition in latest.SelectMany(c => c.Head.Partitions).GroupBy(p => p.Key))
        {
            covered[partition.Key] = partition.Min(p => p.Value.Covered);
            var (name, incarnation) = StreamPosition.OfFile(partition.Key);
            if (!files.TryGetValue(name, out var other) || StreamPosition.OfFile(other).Incarnation < incarnation)
            {
                files[name] = partition.Key;
            }
        }
    }

    private string FileOf(HubPartition partition) => files.GetValueOrDefault($"{partition}", $"{partition}");

    private LiveAnswer Answer(AggregateDefinition aggregate, IEnumerable<(long StartMs, LiveRow Row)> fresh, Committed known, DateTimeOffset now)
    {
        var rows = fresh.Concat(known.Windows.SelectMany(w => w.Value.Select(row => (StartMs: w.Key, Row: row))));
        return new LiveAnswer
        {
            Pipeline = target.Pipeline.Definition.Name,
            Aggregate = aggregate.Name,
            TimeUtc = now,
            Version = known.Head.Applied is { } applied ? TableVersion.Parse(applied).Version : -1,
            Provisional = true,
            WatermarkUtc = known.Head.WatermarkAt(now, LiveWindows.IdleOf(target.Source)) is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null,
            Late = known.Head.Partitions.Values.Sum(p => p.Late),
            Dropped = known.Head.Partitions.Values.Sum(p => p.Dropped),
            Windows = [.. rows.GroupBy(r => r.StartMs).OrderBy(w => w.Key).TakeLast(Windows).Select(w => LiveGroups.Window(aggregate, w.Key, w.Select(r => r.Row), known.Head.ClosedThrough))],
        };
    }
}
