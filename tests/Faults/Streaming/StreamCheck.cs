using System.Globalization;
using System.Text.Json;

namespace Pipeline.Faults.Streaming;

/// <summary>Holds what was acknowledged against the tables, as sets.</summary>
internal sealed class StreamCheck(Api api)
{
    private const string Pipeline = StreamSandbox.Pipeline;

    // What it compares at a time.
    private const int Windows = 1000;

    /// <summary>Whether silver has every valid event of those numbers.</summary>
    public async Task<bool> IsCleanAsync(long first, long end, CancellationToken cancellationToken) =>
        await NumberAsync($"select count(distinct id) from silver.readings where {Between("id", first, end)} and {SentEvent.IsValidSql("id")}", cancellationToken) == Valid(first, end);

    /// <summary>Whether gold has the window of a time, and so all before it.</summary>
    public async Task<bool> IsClosedAsync(DateTimeOffset time, CancellationToken cancellationToken) =>
        (await api.TablesAsync(Pipeline, cancellationToken)).Any(t => t is { Layer: "gold", Name: "by_site" })
        && await NumberAsync("select max(epoch_ms(window_end)) from gold.by_site", cancellationToken) > time.ToUnixTimeMilliseconds();

    /// <summary>Judges the events of a kind.</summary>
    /// <param name="sent">What was acknowledged, all numbers from the first to the last.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    public async Task<Verdict> JudgeAsync(IReadOnlyList<SentEvent> sent, CancellationToken cancellationToken)
    {
        var (first, end) = (sent.Min(e => e.Id), sent.Max(e => e.Id) + 1);
        var (missing, dropped) = await BronzeAsync(sent, cancellationToken);
        var rows = Between("id::bigint", first, end);
        var twice = await NumberAsync($"select count(*) - count(distinct (_file, _offset)) from bronze.readings where {rows}", cancellationToken);
        var silver = await PairAsync(
            $"select count(distinct id), count(*) - count(distinct id) from silver.readings where {Between("id", first, end)} and {SentEvent.IsValidSql("id")}", cancellationToken);
        var wrong = await NumberAsync($"select count(*) from silver.readings where {Between("id", first, end)} and not ({SentEvent.IsValidSql("id")})", cancellationToken);
        var rejected = await PairAsync(
            $"select count(distinct (file, row)), count(*) - count(distinct (file, row)) from rejected.readings where {Between("(raw::json->>'id')::bigint", first, end)}", cancellationToken);
        var unjudged = Valid(first, end) - silver.First + (end - first - Valid(first, end)) - rejected.First;
        var doubled = new (string Table, long Rows)[] { ("bronze", twice), ("silver", silver.Second + wrong), ("rejected", rejected.Second) };
        var (windows, differences) = await LiveAsync(cancellationToken);
        return new Verdict
        {
            Lost = Math.Max(missing, unjudged - dropped),
            Duplicated = doubled.Sum(d => d.Rows),
            DuplicatedIn = string.Join(", ", doubled.Where(d => d.Rows != 0).Select(d => d.Table)),
            Dropped = dropped,
            Windows = windows,
            Differences = differences,
        };
    }

    private async Task<(long Missing, long Dropped)> BronzeAsync(IReadOnlyList<SentEvent> sent, CancellationToken cancellationToken)
    {
        // Offsets without a gap are one row.
        const string sql = """
            select _file, min(_offset), max(_offset) from (select _file, _offset, _offset - row_number() over (partition by _file order by _offset) as island from (select distinct _file, _offset from bronze.readings))
            group by _file, island
            """;
        var islands = (await api.RowsAsync(Pipeline, sql, cancellationToken)).ToLookup(r => r[0].GetString() ?? "", r => (First: Long(r[1]), Last: Long(r[2])));
        var gaps = (await api.EventsAsync("stream.gap", cancellationToken)).Select(e => e.GetProperty("data"))
            .ToLookup(d => int.Parse(d.GetProperty("partition").ToString(), CultureInfo.InvariantCulture), d => (First: Long(d.GetProperty("first")), Last: Long(d.GetProperty("last"))));
        var missing = sent.Where(e => !islands[e.File].Any(i => e.Offset >= i.First && e.Offset <= i.Last)).ToList();
        var dropped = missing.LongCount(e => gaps[e.Partition].Any(g => e.Offset >= g.First && e.Offset <= g.Last));
        return (missing.Count - dropped, dropped);
    }

    private async Task<(long Windows, long Differences)> LiveAsync(CancellationToken cancellationToken)
    {
        var comparison = await api.GetAsync<JsonElement>($"live/{Pipeline}/by_site/comparison?windows={Windows}", cancellationToken);
        var live = await api.GetAsync<JsonElement>($"live/{Pipeline}/by_site", cancellationToken);
        return (Long(comparison.GetProperty("windows")), Long(comparison.GetProperty("groups")) - Long(comparison.GetProperty("equal")) + Long(live.GetProperty("dropped")));
    }

    private async Task<long> NumberAsync(string sql, CancellationToken cancellationToken) => Long((await api.QueryAsync(Pipeline, sql, cancellationToken))[0]);

    private async Task<(long First, long Second)> PairAsync(string sql, CancellationToken cancellationToken)
    {
        var row = await api.QueryAsync(Pipeline, sql, cancellationToken);
        return (Long(row[0]), Long(row[1]));
    }

    private static long Valid(long first, long end)
    {
        return Below(end) - Below(first);

        static long Below(long id) => id - (id / 10);
    }

    private static string Between(string id, long first, long end) => string.Create(CultureInfo.InvariantCulture, $"{id} >= {first} and {id} < {end}");

    private static long Long(JsonElement value) => long.Parse(value.ToString(), CultureInfo.InvariantCulture);
}
