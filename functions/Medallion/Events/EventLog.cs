using System.Collections.Concurrent;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Events;

/// <summary>The log of what happens, in one order for all instances of the app: the Azure table <c>events</c>. Losing the table loses history, never correctness.</summary>
/// <remarks>An event and the number of the last one are written in one transaction, which only one of several writers gets through. So there is never an event whose number is below one that could be read before it.</remarks>
public sealed partial class EventLog : IDisposable
{
    // An event, its key's row and the head's: 99 of the 100 rows that a transaction takes.
    private const int BatchEvents = 49;
    private const int MaxAttempts = 200;
    private readonly StateTable table;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly ConcurrentQueue<Waiting> waiting = new();
    private readonly SemaphoreSlim turn = new(1);

    internal EventLog(TableServiceClient tables, TimeProvider clock, ILogger logger) => (table, this.clock, this.logger) = (new StateTable(tables, EventTable.Name), clock, logger);

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    /// <summary>Creates the table unless it is there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => table.CreateAsync(cancellationToken);

    /// <summary>Writes an event, and gives it to those who subscribed.</summary>
    /// <returns>Its number; that of the earlier event where there is one with its key.</returns>
    /// <exception cref="TransientException">It may not be there; with a key, it can be written again.</exception>
    /// <exception cref="ArgumentException">Its values are too large.</exception>
    public async Task<long> AppendAsync(NewEvent happened, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(happened);
        EventTable.Require(happened);
        var own = new Waiting(happened);
        waiting.Enqueue(own);

        // Who has the turn writes what others wait for, too: the more come at once, the fewer transactions it takes.
        await turn.WaitAsync(cancellationToken);
        try
        {
            while (!own.Written.Task.IsCompleted)
            {
                await WriteNextAsync();
            }
        }
        finally
        {
            turn.Release();
        }

        return await own.Written.Task;
    }

    /// <summary>Writes an event if that can be: what it tells of goes on without.</summary>
    public async Task TryAppendAsync(NewEvent happened, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(happened);
        try
        {
            await AppendAsync(happened, cancellationToken);
        }
#pragma warning disable CA1031 // The log tells of runs; whatever goes wrong with it, the run itself is not to fail.
        catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
        {
            logger.NotWritten(happened.Type, happened.Source, error);
        }
    }

    private List<Waiting> Next()
    {
        var batch = new List<Waiting>();
        while (batch.Count < BatchEvents && waiting.TryDequeue(out var next))
        {
            batch.Add(next);
        }

        return batch;
    }

    private async Task WriteNextAsync()
    {
        var batch = Next();
        try
        {
            // Not to be cancelled: there are events of others in it.
            await WriteAsync(batch, CancellationToken.None);
        }
#pragma warning disable CA1031 // Whatever it is, those who wait for their event learn of it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            batch.ForEach(w => w.Written.TrySetException(error));
        }
    }

    private async Task WriteAsync(List<Waiting> batch, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(clock.GetUtcNow());
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var head = await table.FindAsync(EventTable.Partition, EventTable.Head, cancellationToken);
            var first = LastOf(head) + 1;
            var fresh = batch.Where(w => !w.Written.Task.IsCompleted).DistinctBy(w => w.Event.Key ?? w as object).ToList();
            var events = fresh.Select((w, index) => EventTable.EventOf(w.Event, first + index, clock.GetUtcNow())).ToList();

            // Only one who reads this head gets through. The answer may have been lost, though: then the first row is there, and ours.
            if (fresh.Count == 0
                || await table.TryCommitAsync(Actions(head, fresh, events, $"{id}"), cancellationToken)
                || (await table.FindAsync(EventTable.Partition, EventTable.RowOf(first), cancellationToken))?.GetString(EventTable.Batch) == $"{id}")
            {
                Settle(batch, fresh, events);
                return;
            }

            await FindEarlierAsync(batch, cancellationToken);
            await Task.Delay(PauseOf(id, attempt), cancellationToken);
        }

        throw new TransientException($"The events could not be written: other instances wrote {MaxAttempts} times in between. It may pass.");
    }

    private static List<TableTransactionAction> Actions(TableEntity? head, List<Waiting> fresh, List<PipelineEvent> events, string batch)
    {
        var last = new TableEntity(EventTable.Partition, EventTable.Head) { [EventTable.Sequence] = events[^1].Sequence };
        var actions = new List<TableTransactionAction>
        {
            head is null ? new(TableTransactionActionType.Add, last) : new(TableTransactionActionType.UpdateReplace, last, head.ETag),
        };
        foreach (var (told, key) in events.Zip(fresh.Select(w => w.Event.Key)))
        {
            actions.Add(new TableTransactionAction(TableTransactionActionType.Add, EventTable.Write(told, key, batch)));
            if (key is not null)
            {
                actions.Add(new TableTransactionAction(
                    TableTransactionActionType.Add, new TableEntity(EventTable.Partition, EventTable.RowOf(key)) { [EventTable.Sequence] = told.Sequence }));
            }
        }

        return actions;
    }

    private void Settle(List<Waiting> batch, List<Waiting> fresh, List<PipelineEvent> events)
    {
        foreach (var (settled, told) in fresh.Zip(events))
        {
            settled.Written.TrySetResult(told.Sequence);
            foreach (var twin in batch.Where(w => w.Event.Key is { } key && key == settled.Event.Key))
            {
                twin.Written.TrySetResult(told.Sequence);
            }
        }

        Publish(events);
    }

    private async Task FindEarlierAsync(List<Waiting> batch, CancellationToken cancellationToken)
    {
        foreach (var candidate in batch.Where(w => !w.Written.Task.IsCompleted))
        {
            if (candidate.Event.Key is { } key && await table.FindAsync(EventTable.Partition, EventTable.RowOf(key), cancellationToken) is { } earlier)
            {
                candidate.Written.TrySetResult(earlier.GetInt64(EventTable.Sequence) ?? 0);
            }
        }
    }

    private static long LastOf(TableEntity? head) => head?.GetInt64(EventTable.Sequence) ?? 0;

    // The last bytes of the id are random, so that writers that met do not meet again.
    private static TimeSpan PauseOf(Guid id, int attempt) => TimeSpan.FromMilliseconds((id.ToByteArray()[15] & 15) * Math.Min(attempt, 8));

    private sealed record Waiting(NewEvent Event)
    {
        public TaskCompletionSource<long> Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
