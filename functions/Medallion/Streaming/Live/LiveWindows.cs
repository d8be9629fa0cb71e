using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>Keeps a stream's live aggregates up with its silver table: after each commit the new rows are counted into their windows, once, whoever does it and however often.</summary>
/// <remarks>What a row contributes is told apart by its partition and number: each row of state says up to which number of its partition it counts. An attempt that ended half-way
/// is taken up where each row of state stands.</remarks>
internal sealed class LiveWindows(LakeTables tables, Engine engine, TableReader reader, LiveStore store, ClosedWindows closed, TimeProvider clock, ILogger logger)
{
    private const int Attempts = 8;

    // An aggregate that is declared over a large table begins with what is recent: it could have any number of windows.
    private const long MostRows = 100_000;
    private static readonly TimeSpan Past = TimeSpan.FromHours(1);
    private static readonly TimeSpan ShortestIdle = TimeSpan.FromSeconds(60);

    /// <summary>Counts what silver has and the aggregates of its source do not.</summary>
    public async Task AdvanceAsync(StreamTarget target, CancellationToken cancellationToken)
    {
        foreach (var aggregate in target.Aggregates)
        {
            await AdvanceAsync(target, aggregate, cancellationToken);
        }
    }

    private async Task AdvanceAsync(StreamTarget target, AggregateDefinition aggregate, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await TryAdvanceAsync(target, aggregate, cancellationToken);
                return;
            }
            catch (TransientException) when (attempt < Attempts)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(20 * attempt, 80 * attempt)), clock, cancellationToken);
            }
            catch (LakehouseException error)
            {
                // The events are committed; the next commit takes up what was left.
                logger.NotCounted($"{target.Pipeline.Definition.Name}.{aggregate.Name}", error.Message);
                return;
            }
        }
    }

    private async Task TryAdvanceAsync(StreamTarget target, AggregateDefinition aggregate, CancellationToken cancellationToken)
    {
        var pipeline = target.Pipeline.Definition.Name;
        var name = KeyOf(pipeline, aggregate.Name);
        var table = tables.Open(pipeline, target.Silver);
        if (await table.ReadAsync((long?)null, cancellationToken) is not { } silver)
        {
            return;
        }

        var head = await store.HeadAsync(name, cancellationToken);
        var version = TableVersion.Of(silver);
        if (head.Applied == version.ToString())
        {
            return;
        }

        var idle = IdleOf(target.Source);
        using var session = engine.OpenSmallSession();
        var fresh = silver with { Files = await UnseenAsync(table, silver, head, cancellationToken) };
        using var lease = await reader.CreateViewAsync(session, "live", "silver", fresh, table.Root, cancellationToken);
        var since = head.Applied is null && silver.Rows > MostRows ? Past : (TimeSpan?)null;
        var partitions = Load(session, aggregate, head, since, head.WatermarkAt(clock.GetUtcNow(), idle), cancellationToken);
        await CountAsync(session, aggregate, name, partitions, cancellationToken);
        var next = head with { Applied = version.ToString(), Partitions = Merge(head.Partitions, partitions) };
        await store.SaveAsync(name, next, partitions.Keys, cancellationToken);
        await closed.CloseAsync(target, aggregate, name, next, next.WatermarkAt(clock.GetUtcNow(), idle), cancellationToken);
    }

    /// <summary>What an aggregate's state is kept under.</summary>
    public static string KeyOf(string pipeline, string aggregate) => $"{pipeline}|{aggregate}";

    /// <summary>A partition without events for so long holds nobody up.</summary>
    public static TimeSpan IdleOf(SourceDefinition source) => source.Stream?.Land * 3 is { } land && land > ShortestIdle ? land : ShortestIdle;

    private static async Task<IReadOnlyList<AddFile>> UnseenAsync(DeltaTable table, DeltaSnapshot silver, LiveHead head, CancellationToken cancellationToken)
    {
        if (head.Applied is not { } text)
        {
            return silver.Files;
        }

        var seen = TableVersion.Parse(text);
        if (seen.TableId != silver.TableId || seen.Version > silver.Version)
        {
            return silver.Files;
        }

        var changes = await table.ReadChangesAsync(seen.Version, silver.Version, cancellationToken);
        var live = silver.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        return changes.GoneAt is null && changes.Added.All(f => live.Contains(f.Path)) ? changes.Added : silver.Files;
    }

    // The session's table 'fresh': rows that no state counts, of windows that are open.
    private static Dictionary<string, PartitionHead> Load(DuckDbSession session, AggregateDefinition aggregate, LiveHead head, TimeSpan? since, long? watermark, CancellationToken cancellationToken)
    {
        session.Execute("create temp table heads (file varchar, covered bigint)", cancellationToken);
        using (var appender = session.Append("heads"))
        {
            foreach (var (file, partition) in head.Partitions)
            {
                appender.Append(file, partition.Covered);
            }

            appender.Complete();
        }

        var recent = since is { } past ? $" where ms > (select max(ms) from timed) - {WindowSql.Ms(past)}" : "";
        var closes = watermark is { } reached ? Math.Max(head.ClosedThrough, reached - (long)aggregate.Lateness.TotalMilliseconds) : head.ClosedThrough;
        session.Execute(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                create temp table timed as {WindowSql.Timed(aggregate, "(from live.silver anti join heads on _file = file and _row <= covered)")};
                create temp table recent as from timed{recent};
                create temp table fresh as select * from ({WindowSql.Windowed(aggregate, "recent")}) where start + {WindowSql.Ms(aggregate.Size)} > {closes}
                """),
            cancellationToken);
        var late = watermark is { } w ? string.Create(CultureInfo.InvariantCulture, $"latest + {WindowSql.Ms(aggregate.Size)} <= {w}") : "false";
        var dropped = string.Create(CultureInfo.InvariantCulture, $"latest + {WindowSql.Ms(aggregate.Size)} <= {closes}");
        return session.Query($"select _file, max(_row), max(ms), count(*) filter (({late}) and not ({dropped})), count(*) filter ({dropped}) from recent group by _file", cancellationToken)
            .Rows().ToDictionary(
                r => (string)(r[0] ?? ""),
                r => new PartitionHead { Covered = (long)(r[1] ?? 0L), LatestMs = (long)(r[2] ?? 0L), Late = (long)(r[3] ?? 0L), Dropped = (long)(r[4] ?? 0L), SeenUtc = default },
                StringComparer.Ordinal);
    }

    private Dictionary<string, PartitionHead> Merge(IReadOnlyDictionary<string, PartitionHead> before, Dictionary<string, PartitionHead> fresh)
    {
        var merged = new Dictionary<string, PartitionHead>(before, StringComparer.Ordinal);
        foreach (var (file, now) in fresh)
        {
            merged[file] = before.TryGetValue(file, out var then)
                ? now with { LatestMs = Math.Max(then.LatestMs, now.LatestMs), Late = then.Late + now.Late, Dropped = then.Dropped + now.Dropped, SeenUtc = clock.GetUtcNow(), ETag = then.ETag }
                : now with { SeenUtc = clock.GetUtcNow() };
        }

        return merged;
    }

    private async Task CountAsync(
        DuckDbSession session, AggregateDefinition aggregate, string name, Dictionary<string, PartitionHead> partitions, CancellationToken cancellationToken)
    {
        var starts = session.Query("select distinct start from fresh order by start", cancellationToken).Rows().Select(r => (long)(r[0] ?? 0L)).ToList();
        var kept = new Dictionary<long, List<LiveRow>>();
        session.Execute("create temp table counted (start bigint, file varchar, grp varchar, covered bigint)", cancellationToken);
        using (var appender = session.Append("counted"))
        {
            foreach (var start in starts)
            {
                kept[start] = (await store.WindowsAsync(name, start, start + 1, cancellationToken)).GetValueOrDefault(start) ?? [];
                foreach (var row in kept[start])
                {
                    appender.Append(start, row.Partition, row.Group, row.Covered);
                }
            }

            appender.Complete();
        }

        var sql = $"""
            select start, _file, grp, {WindowSql.Tallies(aggregate)} from fresh
            anti join counted on counted.start = fresh.start and counted.file = fresh._file and counted.grp = fresh.grp and counted.covered >= fresh._row
            group by start, _file, grp
            """;
        var counted = session.Query(sql, cancellationToken).Rows().Select(r => (Start: (long)(r[0] ?? 0L), Row: new LiveRow
        {
            Partition = (string)(r[1] ?? ""),
            Group = (string)(r[2] ?? ""),
            Covered = partitions[(string)(r[1] ?? "")].Covered,
            Tallies = [.. aggregate.Values.Select((_, i) => Tally.Of(r, 3 + (4 * i)))],
        })).ToLookup(c => c.Start, c => c.Row);

        foreach (var start in starts)
        {
            var before = kept[start].ToDictionary(r => (r.Partition, r.Group));
            await store.SaveAsync(
                name,
                start,
                counted[start].Select(row => before.TryGetValue((row.Partition, row.Group), out var then)
                    ? row with { Tallies = [.. then.Tallies.Zip(row.Tallies, (a, b) => a.With(b))], ETag = then.ETag }
                    : row),
                cancellationToken);
        }
    }
}
