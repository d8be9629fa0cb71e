using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;
using Pipeline.Medallion.Sources;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>Counts the events of one source that are not committed yet, in a session that stays open: the views of its rules are defined once.</summary>
internal sealed class ProvisionalCount(StreamTarget target, LakeTables tables, Engine engine, TableReader reader, LiveStore store, TimeProvider clock) : IDisposable
{
    // What is committed is asked for so often; values that columns refer to are read again so often.
    private static readonly TimeSpan CommittedAge = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SessionAge = TimeSpan.FromMinutes(5);
    private const int Windows = 2;

    private readonly Dictionary<string, Committed> committed = [];
    private DuckDbSession? session;
    private string columns = "";
    private DateTimeOffset openedUtc;

    private IEnumerable<AggregateDefinition> Aggregates => target.Aggregates.Where(a => a.Mode == LiveMode.Event);

    /// <summary>Counts batches on top of what was counted, and of what is committed.</summary>
    public async Task<IReadOnlyList<LiveAnswer>> CountAsync(IReadOnlyList<Arrival> batch, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (session is null || now - openedUtc > SessionAge)
        {
            await OpenAsync(now, cancellationToken);
        }

        var open = session ?? throw new InvalidOperationException("The session is open.");
        await RefreshAsync(now, cancellationToken);
        Load(open, batch, cancellationToken);
        return [.. Aggregates.Select(a => Answer(open, a, committed[a.Name], now, cancellationToken))];
    }

    /// <inheritdoc/>
    public void Dispose() => session?.Dispose();

    private async Task OpenAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        session?.Dispose();
        session = engine.OpenSession();
        openedUtc = now;
        var source = target.Source;
        var keys = source.Columns.SelectMany(c => c.Expr is null ? [c.From ?? c.Name] : c.Reads).Distinct(StringComparer.Ordinal).ToList();
        session.Execute("create temp table events (_file varchar, _enqueued_at timestamptz, line varchar, _row bigint, error varchar)", cancellationToken);
        var (sql, _) = JsonRecords.Select(keys, "(from events where error is null)", "_file, _row, _enqueued_at");
        session.Execute($"create temp view shaped as select *, _enqueued_at as _ingested_at, null::varchar as _run_id, null::varchar as _error, null::varchar as _raw from ({sql})", cancellationToken);
        var work = new StepWork
        {
            RunId = "live", Pipeline = target.Pipeline.Definition.Name, Definition = target.Pipeline.Hash, PlanId = "live", Number = 0, TimeUtc = now, Table = target.Silver,
            Inputs = await LookupsAsync(cancellationToken),
        };
        using var rows = await CheckedRows.OverAsync(tables, session, reader, source, work, "shaped", cancellationToken);
        var used = Aggregates.SelectMany(a => a.By.Append(a.Time).Concat(a.Values.Select(v => v.Column).OfType<string>())).Distinct().Select(Sql.Identifier);
        columns = $"_file, _row, {string.Join(", ", used)}";
        session.Execute($"create temp table pending as select {columns} from checked where false", cancellationToken);
    }

    private async Task<IReadOnlyDictionary<TableKey, long>> LookupsAsync(CancellationToken cancellationToken)
    {
        var versions = new Dictionary<TableKey, long>();
        foreach (var input in target.Pipeline.Step(target.Silver).Inputs.Where(i => i != target.Bronze))
        {
            if (await tables.Open(target.Pipeline.Definition.Name, input).ReadAsync((long?)null, cancellationToken) is { } snapshot)
            {
                versions[input] = snapshot.Version;
            }
        }

        return versions;
    }

    private async Task RefreshAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var aggregate in Aggregates)
        {
            if (committed.TryGetValue(aggregate.Name, out var known) && now - known.ReadUtc < CommittedAge)
            {
                continue;
            }

            var name = LiveWindows.KeyOf(target.Pipeline.Definition.Name, aggregate.Name);
            var head = await store.HeadAsync(name, cancellationToken);
            var newest = head.Partitions.Count > 0 ? head.Partitions.Values.Max(p => p.LatestMs) : 0;
            var first = newest - (long)(aggregate.Size + (Windows * aggregate.Every)).TotalMilliseconds;
            committed[aggregate.Name] = new Committed(now, head, head.Partitions.Count > 0 ? await store.WindowsAsync(name, first, null, cancellationToken) : []);
        }
    }

    // What is committed is counted there; of what came since, the valid rows are kept.
    private void Load(DuckDbSession open, IReadOnlyList<Arrival> batch, CancellationToken cancellationToken)
    {
        open.Execute("delete from events; create or replace temp table covered (file varchar, number bigint)", cancellationToken);
        using (var appender = open.Append("covered"))
        {
            foreach (var partition in committed.Values.SelectMany(c => c.Head.Partitions).GroupBy(p => p.Key))
            {
                appender.Append(partition.Key, partition.Min(p => p.Value.Covered));
            }

            appender.Complete();
        }

        EventRows.Load(open, batch.SelectMany(a => a.Events.Select(e => (a.Partition.Id, FileOf(a.Partition), e))), why: null, cancellationToken, "incoming");
        open.Execute(
            $"""
            insert into events select _file, _enqueued_at, line, _offset, error from incoming;
            drop table incoming;
            delete from pending where exists (from covered where file = _file and number >= _row);
            insert into pending select {columns} from checked anti join pending using (_file, _row) anti join covered on file = _file and number >= _row where _valid
            """,
            cancellationToken);
    }

    // The position in the table tells which incarnation of the hub this is; without one it is the first.
    private string FileOf(HubPartition partition) =>
        committed.Values.SelectMany(c => c.Head.Partitions.Keys).Where(f => f == $"{partition}" || f.StartsWith($"{partition}@", StringComparison.Ordinal)).OrderBy(f => f.Length).ThenBy(f => f, StringComparer.Ordinal).LastOrDefault()
        ?? $"{partition}";

    private LiveAnswer Answer(DuckDbSession open, AggregateDefinition aggregate, Committed known, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var closes = known.Head.ClosedThrough;
        var sql = string.Create(
            CultureInfo.InvariantCulture,
            $"""
            select start, grp, {WindowSql.Tallies(aggregate)} from ({WindowSql.Windowed(aggregate, $"({WindowSql.Timed(aggregate, "pending")})")})
            where start + {WindowSql.Ms(aggregate.Size)} > {closes} group by start, grp
            """);
        var rows = known.Windows.ToDictionary(w => w.Key, w => w.Value.ToList());
        foreach (var row in open.Query(sql, cancellationToken).Rows())
        {
            var start = (long)(row[0] ?? 0L);
            if (!rows.TryGetValue(start, out var window))
            {
                rows[start] = window = [];
            }

            window.Add(new LiveRow { Partition = "", Group = (string)(row[1] ?? ""), Covered = 0, Tallies = [.. aggregate.Values.Select((_, i) => Tally.Of(row, 2 + (4 * i)))] });
        }

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
            Windows = [.. rows.OrderBy(w => w.Key).TakeLast(Windows).Select(w => LiveGroups.Window(aggregate, w.Key, w.Value, closes))],
        };
    }

    private sealed record Committed(DateTimeOffset ReadUtc, LiveHead Head, SortedDictionary<long, List<LiveRow>> Windows);
}
