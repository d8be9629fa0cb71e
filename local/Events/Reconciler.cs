namespace Pipeline.Local.Events;

/// <summary>Asks the tables for the events that were sent, by the offsets that the broker gave them: so it matters neither what they say nor who else sends.</summary>
/// <param name="api">The app.</param>
/// <param name="request">What was sent.</param>
/// <param name="since">A time before the first event, by the clock of the broker.</param>
internal sealed class Reconciler(ApiClient api, EventsRequest request, DateTimeOffset since)
{
    // A query has at most 100,000 characters.
    private const int RangesOfQuery = 1500;

    /// <summary>What the tables have now.</summary>
    public async Task<Found> LookAsync(IReadOnlyList<OffsetRange> ranges, CancellationToken cancellationToken)
    {
        var tables = await api.GetTablesAsync(cancellationToken);
        var unrouted = tables.Where(t => t is { Layer: "rejected", Table: "_unrouted" }).Select(t => t.Pipeline).ToList();

        // A run makes bronze before the first event comes, without an event's columns.
        var sql = new ReconciliationSql(tables.Where(t => t.Pipeline == request.Pipeline && t.Rows > 0).Select(t => $"{t.Layer}.{t.Table}").ToHashSet(StringComparer.Ordinal), since);
        var found = new Found();
        foreach (var some in ranges.Chunk(RangesOfQuery))
        {
            found += Found.OfSource(await AskAsync(request.Pipeline, sql.OfSource(EventsRequest.Source, request, some)));
            foreach (var pipeline in unrouted)
            {
                found += Found.OfNoSource(await AskAsync(pipeline, sql.OfNoSource(some)));
            }
        }

        return found with { Duplicated = found.Duplicated + (await AskAsync(request.Pipeline, sql.OfSilver(EventsRequest.Source, request)))[0] };

        async Task<long[]> AskAsync(string pipeline, string question) =>
            [.. (await api.QueryAsync(pipeline, question, cancellationToken)).Rows.Single().Select(value => value.GetInt64())];
    }

    /// <summary>What the tables have of the events.</summary>
    /// <param name="Rows">Rows of bronze, and of events that belong to no source.</param>
    /// <param name="Events">Events that have such a row.</param>
    /// <param name="Silver">Rows of silver.</param>
    /// <param name="Rejected">Events that are rejected rows.</param>
    /// <param name="Repeats">Events whose id silver had.</param>
    /// <param name="Missing">Events of bronze that are neither in silver nor in rejected.</param>
    /// <param name="Duplicated">Rows too many.</param>
    internal sealed record Found(long Rows = 0, long Events = 0, long Silver = 0, long Rejected = 0, long Repeats = 0, long Missing = 0, long Duplicated = 0)
    {
        public static Found operator +(Found one, Found other) => new(
            one.Rows + other.Rows, one.Events + other.Events, one.Silver + other.Silver, one.Rejected + other.Rejected, one.Repeats + other.Repeats, one.Missing + other.Missing,
            one.Duplicated + other.Duplicated);

        public static Found OfSource(long[] answer) => new(answer[0], answer[1], answer[2], answer[3], answer[5], answer[6], answer[0] - answer[1] + answer[4]);

        public static Found OfNoSource(long[] answer) => new(answer[0], answer[1], Rejected: answer[1], Duplicated: answer[0] - answer[1]);
    }
}
