using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace Pipeline.Medallion.Events;

public sealed partial class EventLog
{
    /// <summary>How many events are read at a time at most.</summary>
    public const int MaxLimit = 1000;
    private const int DeletedAtATime = 49;

    /// <summary>How long events are kept.</summary>
    public static TimeSpan Retention { get; } = TimeSpan.FromDays(90);

    // How soon a follower sees what another instance wrote.
    private static TimeSpan PollInterval { get; } = TimeSpan.FromSeconds(1);

    /// <summary>The number of the last event; 0: there is none.</summary>
    public async Task<long> LastAsync(CancellationToken cancellationToken) => LastOf(await table.FindAsync(EventTable.Partition, EventTable.Head, cancellationToken));

    /// <summary>Reads events, oldest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">Only those after this number; 0: from the beginning.</param>
    /// <param name="limit">At most so many, up to <see cref="MaxLimit"/>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <remarks>A number beyond the end of the log is one of a log that was lost: the answer then leads back to 0.</remarks>
    public async Task<EventPage> ReadAsync(EventFilter filter, long after, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(after, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxLimit);
        var end = await LastAsync(cancellationToken);
        if (after >= end)
        {
            return new EventPage([], after > end ? 0 : end);
        }

        var range = TableClient.CreateQueryFilter($"PartitionKey eq {EventTable.Partition} and RowKey gt {EventTable.RowOf(after)} and RowKey le {EventTable.RowOf(end)}");
        var events = new List<PipelineEvent>();
        await foreach (var row in table.QueryAsync(range + filter.ToQuery(), limit, cancellationToken))
        {
            events.Add(EventTable.Read(row));
            if (events.Count == limit)
            {
                return new EventPage(events, events[^1].Sequence);
            }
        }

        return new EventPage(events, end);
    }

    /// <summary>All events after a number, then those to come, each once and in order, whichever instance writes them.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">Only those after this number; 0: from the beginning.</param>
    /// <param name="cancellationToken">Ends it; there is no other end.</param>
    public async IAsyncEnumerable<PipelineEvent> FollowAsync(EventFilter filter, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var news = Volatile.Read(ref appended).Task;
            var page = await ReadAsync(filter, after, MaxLimit, cancellationToken);
            foreach (var told in page.Events)
            {
                yield return told;
            }

            after = page.Last;
            if (page.Events.Count < MaxLimit)
            {
                await news.WaitAsync(PollInterval, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    /// <summary>Deletes events that are older than <see cref="Retention"/>, with their keys.</summary>
    public async Task TrimAsync(CancellationToken cancellationToken)
    {
        var limit = clock.GetUtcNow() - Retention;
        var old = new List<TableEntity>();
        await foreach (var row in table.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {EventTable.Partition} and RowKey gt {EventTable.RowOf(0)} and RowKey lt {EventTable.Head}"), cancellationToken))
        {
            if (row.GetDateTimeOffset("TimeUtc") >= limit)
            {
                break;
            }

            old.Add(row);
            if (old.Count == DeletedAtATime && !await DeleteAsync(old, cancellationToken))
            {
                return;
            }
        }

        await DeleteAsync(old, cancellationToken);
    }

    /// <returns>False where somebody else is at it.</returns>
    private async Task<bool> DeleteAsync(List<TableEntity> rows, CancellationToken cancellationToken)
    {
        var keys = rows.Select(row => row.GetString("Key")).Where(key => key is not null).Select(key => new TableEntity(EventTable.Partition, EventTable.RowOf(key)));
        var deleted = rows.Count == 0
            || await table.TryCommitAsync(rows.Concat(keys).Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, ETag.All)), cancellationToken);
        rows.Clear();
        return deleted;
    }
}
