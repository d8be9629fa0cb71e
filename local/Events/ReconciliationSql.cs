using System.Globalization;

namespace Pipeline.Local.Events;

/// <summary>The questions by which what was sent is held against the tables.</summary>
/// <param name="tables">The tables that have rows, as LAYER.TABLE.</param>
/// <param name="since">Rows of events that the broker took earlier are of others: offsets begin anew with a broker that keeps them in memory.</param>
internal sealed class ReconciliationSql(IReadOnlySet<string> tables, DateTimeOffset since)
{
    private readonly string since = $"timestamptz '{since.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'";

    /// <summary>Of the events at these offsets: the rows of bronze, silver and rejected that are theirs, how often one is there twice, and what is nowhere.</summary>
    public string OfSource(string source, EventsRequest request, IEnumerable<OffsetRange> ranges) => $"""
        with sent("partition", "first", "last") as (values {Values(ranges)}),
        bronze_rows as ({Rows($"bronze.{source}", $"""select _file, _row, event_id as id from bronze.{source} join sent on _partition = "partition" and _offset between "first" and "last" where _enqueued_at >= {since}""")}),
        bronze_events as (select _file, _row, any_value(id) as id, coalesce(regexp_full_match(any_value(id), 's{request.Seed}-[0-9]+'), false) as is_sale from bronze_rows group by _file, _row),
        silver_rows as ({Rows($"silver.{source}", $"select _file, _row, event_id as id from silver.{source} where {OfSeed(request)}")}),
        rejected_rows as ({Rows($"rejected.{source}", $"""select "file" as _file, "row" as _row, null as id from rejected.{source}""")}),
        rejected_events as (select _file, _row, count(*) as times from rejected_rows semi join bronze_events using (_file, _row) group by _file, _row)
        select
            (select count(*) from bronze_rows) as bronze,
            (select count(*) from bronze_events) as events,
            (select count(*) from silver_rows semi join bronze_events using (_file, _row)) as silver,
            (select count(*) from rejected_events) as rejected,
            (select coalesce(sum(times - 1), 0)::bigint from rejected_events) as rejected_twice,
            (select count(*) from bronze_events anti join silver_rows using (_file, _row) where is_sale and id in (select id from silver_rows)) as repeats,
            (select count(distinct id) from bronze_events anti join silver_rows using (id) where is_sale)
                + (select count(*) from bronze_events anti join rejected_events using (_file, _row) where not is_sale) as missing
        """;

    /// <summary>How many ids of the seed silver has more than once.</summary>
    public string OfSilver(string source, EventsRequest request) => $"""
        select count(id) - count(distinct id) as twice from ({Rows($"silver.{source}", $"select event_id as id from silver.{source} where {OfSeed(request)}")})
        """;

    /// <summary>Of the events at these offsets: the rows of those that belong to no source, and how many they are.</summary>
    public string OfNoSource(IEnumerable<OffsetRange> ranges) => $"""
        with sent("partition", "first", "last") as (values {Values(ranges)})
        select count(*) as unrouted, count(distinct ("file", "row")) as events
        from rejected._unrouted join sent on split_part(split_part("file", '/', 2), '@', 1) = "partition" and "row" between "first" and "last"
        where source = '{Settings.EventHubName}' and rejected_at >= {since}
        """;

    private static string Values(IEnumerable<OffsetRange> ranges) =>
        string.Join(", ", ranges.Select(range => string.Create(CultureInfo.InvariantCulture, $"('{range.Partition}', {range.First}, {range.Last})")));

    private static string OfSeed(EventsRequest request) => $"starts_with(event_id, 's{request.Seed}-')";

    private string Rows(string table, string select) =>
        tables.Contains(table) ? select : "select null::varchar as _file, null::bigint as _row, null::varchar as id where false";
}
