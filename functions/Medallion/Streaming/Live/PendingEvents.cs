using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;
using Pipeline.Medallion.Sources;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>The events of one source that are not committed yet, and what they add to windows: a session that stays open, with statements that are planned once. A batch costs what it is, not what waits.</summary>
internal sealed class PendingEvents : IDisposable
{
    // What was deleted stays in a table's memory until the table is made anew.
    private const long MostDeleted = 50_000;
    private readonly DuckDbSession session;
    private readonly IReadOnlyList<AggregateDefinition> aggregates;
    private readonly DuckDbStatement take;
    private readonly DuckDbStatement count;
    private readonly DuckDbStatement clear;
    private readonly Dictionary<string, long> seen;
    private Dictionary<(long Start, string Group), IReadOnlyList<Tally>>[] windows = [];
    private long batch;
    private long deleted;

    private PendingEvents(DuckDbSession session, IReadOnlyList<AggregateDefinition> aggregates, string columns, Dictionary<string, long> seen)
    {
        (this.session, this.aggregates, this.seen) = (session, aggregates, seen);
        take = session.Prepare($"insert into pending select $1::bigint as batch, {columns} from checked");
        count = session.Prepare(Count(aggregates));
        clear = session.Prepare("delete from arrived");
        Empty();
    }

    /// <summary>Opens the session.</summary>
    /// <param name="target">The source.</param>
    /// <param name="aggregates">What is counted; at least one.</param>
    /// <param name="before">What it takes over from, and disposes of; null: nothing.</param>
    /// <param name="tables">Where columns look up their values.</param>
    /// <param name="engine">Opens the session.</param>
    /// <param name="reader">Reads those values.</param>
    /// <param name="now">The time that rules see.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<PendingEvents> OpenAsync(
        StreamTarget target, IReadOnlyList<AggregateDefinition> aggregates, PendingEvents? before, LakeTables tables, Engine engine, TableReader reader, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var session = engine.OpenSmallSession();
        try
        {
            session.PlanWithoutValues();
            EventRows.Create(session, cancellationToken);
            var source = target.Source;
            var keys = source.Columns.SelectMany(c => c.Expr is null ? [c.From ?? c.Name] : c.Reads).Distinct(StringComparer.Ordinal).ToList();

            // A text that is no record has no values, and is not asked for them.
            const string Others = "_file, _row, _enqueued_at, error";
            var events = $"(select _file, _offset as _row, _enqueued_at, error, case when error is null then line else '{{}}' end as line from (select *, {EventRows.EnqueuedAt} as _enqueued_at, {EventRows.Problem} as error from arrived))";
            var (sql, _) = JsonRecords.Select(keys, events, Others);
            session.Execute($"create temp view shaped as select * exclude (error), _enqueued_at as _ingested_at, null::varchar as _run_id, error as _error, null::varchar as _raw from ({sql})", cancellationToken);
            var work = new StepWork
            {
                RunId = "live", Pipeline = target.Pipeline.Definition.Name, Definition = target.Pipeline.Hash, PlanId = "live", Number = 0, TimeUtc = now, Table = target.Silver,
                Inputs = await LookupsAsync(target, tables, cancellationToken),
            };
            using var rows = await CheckedRows.OverAsync(tables, session, reader, source, work, "shaped", cancellationToken);
            var used = aggregates.SelectMany(a => a.By.Append(a.Time).Concat(a.Values.Select(v => v.Column).OfType<string>())).Distinct().Select(Sql.Identifier);
            var columns = $"_valid, _file, _row, {string.Join(", ", used)}";
            session.Execute($"create temp table pending as select 0::bigint as batch, {columns} from checked where false", cancellationToken);
            var opened = new PendingEvents(session, aggregates, columns, before?.seen ?? new(StringComparer.Ordinal));
            opened.TakeOver(before, cancellationToken);
            return opened;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Adds events; those that were added before are left out.</summary>
    /// <param name="events">Each with its partition and the name of it in <c>_file</c>, in the order of their numbers.</param>
    /// <param name="committed">The number of the last event that is committed, by that name.</param>
    /// <param name="cancellationToken">Interrupts the counting. Afterwards only <see cref="Dispose"/> is of use.</param>
    public void Add(IEnumerable<(string Partition, string File, StreamEvent Event)> events, IReadOnlyDictionary<string, long> committed, CancellationToken cancellationToken)
    {
        var fresh = events.Where(e => IsNew(e.File, e.Event.Sequence, committed)).ToList();
        if (fresh.Count == 0)
        {
            return;
        }

        EventRows.Append(session, fresh, why: null);
        take.Execute([++batch], cancellationToken);
        deleted += clear.Execute([], cancellationToken);
        CountSince(batch, cancellationToken);
        if (deleted > MostDeleted)
        {
            EventRows.Create(session, cancellationToken);
            deleted = 0;
        }
    }

    /// <summary>Leaves out what is committed.</summary>
    /// <param name="committed">The number of the last event that is committed, by what <c>_file</c> says.</param>
    /// <param name="cancellationToken">Interrupts it. Afterwards only <see cref="Dispose"/> is of use.</param>
    public void Forget(IReadOnlyDictionary<string, long> committed, CancellationToken cancellationToken)
    {
        session.Execute("create or replace temp table covered (file varchar, number bigint)", cancellationToken);
        using (var appender = session.Append("covered"))
        {
            foreach (var (file, number) in committed)
            {
                appender.Append(file, number);
            }

            appender.Complete();
        }

        session.Execute("create or replace temp table pending as from pending anti join covered on file = _file and number >= _row", cancellationToken);
        Empty();
        CountSince(0, cancellationToken);
    }

    /// <summary>What an aggregate's windows get from these events, of windows that are open.</summary>
    /// <param name="place">The aggregate's place among those that are counted.</param>
    /// <param name="closedThroughMs">Windows that end then or before take no more events.</param>
    public IEnumerable<(long StartMs, LiveRow Row)> Windows(int place, long closedThroughMs)
    {
        var size = (long)aggregates[place].Size.TotalMilliseconds;
        return windows[place].Where(w => w.Key.Start + size > closedThroughMs)
            .Select(w => (w.Key.Start, new LiveRow { Partition = "", Group = w.Key.Group, Covered = 0, Tallies = w.Value }));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        take.Dispose();
        count.Dispose();
        clear.Dispose();
        session.Dispose();
    }

    private static async Task<IReadOnlyDictionary<TableKey, long>> LookupsAsync(StreamTarget target, LakeTables tables, CancellationToken cancellationToken)
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

    // All aggregates in one statement: the aggregate's place, the window, the group, and four columns for each value, as many as the one with the most has.
    private static string Count(IReadOnlyList<AggregateDefinition> aggregates)
    {
        var most = aggregates.Max(a => a.Values.Count);
        return "with counted as (from pending where batch >= $1 and _valid) " + string.Join(" union all ", aggregates.Select((aggregate, place) => string.Create(
            CultureInfo.InvariantCulture,
            $"select {place} as place, start, grp, {WindowSql.Tallies(aggregate)}{string.Concat(Enumerable.Repeat(", 0::bigint, null::varchar, null::varchar, null::varchar", most - aggregate.Values.Count))} from ({WindowSql.Windowed(aggregate, $"({WindowSql.Timed(aggregate, "counted")})")}) group by start, grp")));
    }

    private void TakeOver(PendingEvents? before, CancellationToken cancellationToken)
    {
        if (before is null)
        {
            return;
        }

        using (var appender = session.Append("pending"))
        {
            foreach (var row in before.session.Query("from pending", cancellationToken).Rows())
            {
                appender.Append(row);
            }

            appender.Complete();
        }

        batch = before.batch;
        before.Dispose();
        CountSince(0, cancellationToken);
    }

    // A partition's numbers ascend.
    private bool IsNew(string file, long number, IReadOnlyDictionary<string, long> committed)
    {
        if (number <= committed.GetValueOrDefault(file, -1) || number <= seen.GetValueOrDefault(file, -1))
        {
            return false;
        }

        seen[file] = number;
        return true;
    }

    private void Empty() => windows = [.. aggregates.Select(_ => new Dictionary<(long, string), IReadOnlyList<Tally>>())];

    private void CountSince(long first, CancellationToken cancellationToken)
    {
        foreach (var row in count.Query([first], cancellationToken).Rows())
        {
            var place = (int)(row[0] ?? 0);
            IReadOnlyList<Tally> tallies = [.. aggregates[place].Values.Select((_, i) => Tally.Of(row, 3 + (4 * i)))];
            var key = ((long)(row[1] ?? 0L), (string)(row[2] ?? ""));
            windows[place][key] = windows[place].TryGetValue(key, out var known) ? [.. known.Zip(tallies, (a, b) => a.With(b))] : tallies;
        }
    }
}
