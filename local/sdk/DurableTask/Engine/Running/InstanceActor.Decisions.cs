using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Running;

internal sealed partial class InstanceActor
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(30);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private const int SubOrchestrationsAtATime = 16;

    private readonly Dictionary<int, HistoryEvent> pending = [];
    private readonly List<ITimer> timers = [];
    private DateTime lastTime;

    private bool NeedsTurn => history.Count > 0 && history[^1].Kind is not (HistoryEventKind.TurnEnded or HistoryEventKind.ExecutionCompleted);

    /// <summary>Derives what is pending and seen from the whole history.</summary>
    private void Rebuild()
    {
        pending.Clear();
        seen.Clear();
        ForgetTimers();
        lastTime = default;

        // Decisions before the start are what the previous execution left to send.
        Note(history.SkipWhile(e => e.Kind != HistoryEventKind.ExecutionStarted));
        if (head is { StartAt: { } start } && start > session.Time.GetUtcNow())
        {
            SetTimer(start.UtcDateTime, () => Post(new Inbound()));
        }
    }

    private void Note(IEnumerable<HistoryEvent> events)
    {
        foreach (var next in events)
        {
            lastTime = next.Time > lastTime ? next.Time : lastTime;
            seen.UnionWith(next.Consumed ?? []);
            if (next.Kind is HistoryEventKind.EventRaised or HistoryEventKind.Suspended or HistoryEventKind.Resumed && next.MessageId is { } message)
            {
                seen.Add(message);
            }
            else if (next.IsCompletion)
            {
                pending.Remove(next.TaskId);
            }
            else if (next.IsDecision && next.Kind != HistoryEventKind.EventSent)
            {
                pending[next.TaskId] = next;
            }
        }
    }

    private async Task SetGoingAsync(IEnumerable<HistoryEvent> decisions, CancellationToken cancellationToken)
    {
        if (head is not { } current)
        {
            return;
        }

        var children = new List<HistoryEvent>();
        foreach (var decision in decisions)
        {
            switch (decision.Kind)
            {
                case HistoryEventKind.TaskScheduled when running.Add((current.ExecutionId, decision.TaskId)):
                    session.Activities.Add(this, current.ExecutionId, decision);
                    break;
                case HistoryEventKind.TimerCreated when !current.IsEnded:
                    var fired = new HistoryEvent { Kind = HistoryEventKind.TimerFired, TaskId = decision.TaskId };
                    SetTimer(decision.FireAt, () => Post(new Inbound { ExecutionId = current.ExecutionId, Event = fired }));
                    break;
                case HistoryEventKind.SubOrchestrationCreated when !current.IsEnded:
                    children.Add(decision);
                    break;
            }
        }

        await StartChildrenAsync(children, e => new ParentLink(instanceId, current.Name, current.ExecutionId, e.TaskId), cancellationToken);
    }

    /// <summary>Sends what must go out even though no result is waited for; only then the head forgets it.</summary>
    private async Task SendOutboxAsync(CancellationToken cancellationToken)
    {
        if (head is not { OutboxFrom: >= 0 } current)
        {
            return;
        }

        var start = history.FindIndex(e => e.Kind == HistoryEventKind.ExecutionStarted);
        var children = new List<HistoryEvent>();
        for (var i = current.OutboxFrom; i < history.Count; i++)
        {
            var next = history[i];
            if (next.Kind == HistoryEventKind.EventSent)
            {
                await session.Store.PutMessageAsync(
                    new HubMessage { Id = next.MessageId ?? "", InstanceId = next.InstanceId ?? "", Kind = HubMessageKind.RaiseEvent, Name = next.Name, Data = next.Data },
                    cancellationToken);
            }
            else if (next.Kind == HistoryEventKind.SubOrchestrationCreated && (i < start || current.IsEnded))
            {
                children.Add(next);
            }
        }

        // No execution waits for these children: their link names none.
        await StartChildrenAsync(children, e => new ParentLink(instanceId, current.Name, "", e.TaskId), cancellationToken);
        head = await session.Store.AppendAsync(current with { OutboxFrom = -1 }, [], cancellationToken);
        session.LookForMessages();
    }

    private Task StartChildrenAsync(List<HistoryEvent> children, Func<HistoryEvent, ParentLink> link, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            children,
            new ParallelOptions { MaxDegreeOfParallelism = SubOrchestrationsAtATime, CancellationToken = cancellationToken },
            async (child, token) => await session.StartChildAsync(child, link(child), token));

    private void SetTimer(DateTime due, Action fire)
    {
        var wait = due - session.Time.GetUtcNow().UtcDateTime;
        if (wait <= TimeSpan.Zero)
        {
            fire();
            return;
        }

        // Timers are cut to whole milliseconds and to a longest time: one that comes early is set once more.
        var timer = session.Time.CreateTimer(_ => SetTimer(due, fire), null, wait > LongestTimer ? LongestTimer : wait + Tick, Timeout.InfiniteTimeSpan);
        lock (timers)
        {
            timers.Add(timer);
        }
    }

    private void ForgetTimers()
    {
        lock (timers)
        {
            timers.ForEach(timer => timer.Dispose());
            timers.Clear();
        }
    }
}
