using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Running;

internal sealed partial class InstanceActor
{
    // A replay of a long history is worth more than one result: while more are coming, it is repeated at most a third of the time.
    private const int PaceFactor = 2;
    private static readonly TimeSpan ShortTurn = TimeSpan.FromMilliseconds(5);

    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private long turnEnded;
    private TimeSpan turnTime;

    private void Drain()
    {
        while (inbox.Reader.TryRead(out var item))
        {
            if (item.IsStop)
            {
                stopped = true;
                continue;
            }

            if (item is { ExecutionId: { } execution, Event: { } end })
            {
                running.Remove((execution, end.TaskId));
            }

            uncommitted.Add(item);
        }
    }

    private async Task PaceAsync(CancellationToken cancellationToken)
    {
        if (turnTime < ShortTurn)
        {
            return;
        }

        while (running.Count > 0 && !stopped)
        {
            var left = (turnTime * PaceFactor) - session.Time.GetElapsedTime(turnEnded);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            await inbox.Reader.WaitToReadAsync(left, session.Time, cancellationToken);
            Drain();
        }
    }

    /// <summary>What of the uncommitted becomes history: results of tasks that are pending, and messages not seen before.</summary>
    private List<HistoryEvent> Accept(InstanceRecord current)
    {
        var batch = new List<HistoryEvent>();
        var now = session.Time.GetUtcNow().UtcDateTime;
        now = now > lastTime ? now : lastTime;
        var ended = new HashSet<int>();
        var messages = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in uncommitted)
        {
            if (item.Event is { } end && item.ExecutionId == current.ExecutionId && pending.TryGetValue(end.TaskId, out var task) && ended.Add(end.TaskId))
            {
                now = task.FireAt > now ? task.FireAt : now;
                batch.Add(end with { Time = now });
            }
            else if (item.Message is { } message && !seen.Contains(message.Id) && messages.Add(message.Id))
            {
                batch.Add(new HistoryEvent { Kind = KindOf(message), Name = message.Name, Data = message.Data, Time = now, MessageId = message.Id });
            }
        }

        return batch;
    }

    private async Task TakeWakesAsync(CancellationToken cancellationToken)
    {
        var wakes = uncommitted.Where(item => item.Message?.Kind == HubMessageKind.Wake).ToList();
        uncommitted.RemoveAll(wakes.Contains);
        await session.DoneAsync([.. wakes.Select(wake => wake.Message).OfType<HubMessage>()], cancellationToken);
        var found = await session.Store.FindAsync(instanceId, withPayloads: false, cancellationToken);
        if (found is null || found.ETag != head?.ETag)
        {
            head = null;
        }
    }

    private async Task ForgetInboundAsync(CancellationToken cancellationToken)
    {
        var messages = uncommitted.Select(item => item.Message).OfType<HubMessage>().ToList();
        uncommitted.Clear();
        await session.DoneAsync(messages, cancellationToken);
    }

    private static HistoryEventKind KindOf(HubMessage message) => message.Kind switch
    {
        HubMessageKind.Suspend => HistoryEventKind.Suspended,
        HubMessageKind.Resume => HistoryEventKind.Resumed,
        _ => HistoryEventKind.EventRaised,
    };
}
