using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Replay;

namespace Microsoft.DurableTask.Engine.Running;

internal sealed partial class InstanceActor
{
    private static readonly HistoryEvent TurnEnd = new() { Kind = HistoryEventKind.TurnEnded };

    private async Task CommitAsync(InstanceRecord current, List<HistoryEvent> batch, TurnResult result, CancellationToken cancellationToken)
    {
        if (result.Next is { } next)
        {
            await StartOverAsync(current, batch, result, next, cancellationToken);
            return;
        }

        var status = result switch
        {
            { Failure: not null } => OrchestrationRuntimeStatus.Failed,
            { IsCompleted: true } => OrchestrationRuntimeStatus.Completed,
            _ => IsSuspended(batch) ? OrchestrationRuntimeStatus.Suspended : OrchestrationRuntimeStatus.Running,
        };
        var end = result.IsCompleted ? new HistoryEvent { Kind = HistoryEventKind.ExecutionCompleted, Data = result.Output } : TurnEnd;
        await AppendAsync(current with { Status = status, CustomStatus = result.CustomStatus, Output = result.Output, Failure = result.Failure },
            [.. batch, .. result.Decisions, end], cancellationToken);
    }

    private async Task AppendAsync(InstanceRecord next, List<HistoryEvent> events, CancellationToken cancellationToken)
    {
        var left = events.FindIndex(e => e.Kind == HistoryEventKind.EventSent || (next.IsEnded && e.Kind == HistoryEventKind.SubOrchestrationCreated));
        head = await session.Store.AppendAsync(
            next with { LastUpdatedAt = session.Time.GetUtcNow(), OutboxFrom = left < 0 ? -1 : history.Count + left }, events, cancellationToken);
        history.AddRange(events);
        Note(events);
        await AfterCommitAsync(events.Where(e => e.IsDecision), cancellationToken);
    }

    private async Task StartOverAsync(InstanceRecord current, List<HistoryEvent> batch, TurnResult result, NextExecution next, CancellationToken cancellationToken)
    {
        var now = session.Time.GetUtcNow();
        List<HistoryEvent> unsent = [.. result.Decisions.Where(e => e.Kind is HistoryEventKind.EventSent or HistoryEventKind.SubOrchestrationCreated)];
        var started = new HistoryEvent
        {
            Kind = HistoryEventKind.ExecutionStarted,
            Name = current.Name,
            Data = next.Input,
            Time = now.UtcDateTime > lastTime ? now.UtcDateTime : lastTime,
            Consumed = [.. batch.Select(e => e.MessageId).OfType<string>()],
        };
        List<HistoryEvent> events = [.. unsent, started, .. next.Events.Select(e => e with { Time = started.Time })];
        var following = current with
        {
            ExecutionId = Guid.NewGuid().ToString("N"),
            Version = next.Version ?? current.Version,
            Status = OrchestrationRuntimeStatus.Running,
            Input = next.Input,
            CustomStatus = result.CustomStatus,
            HistoryRows = 0,
            LastUpdatedAt = now,
            OutboxFrom = unsent.Count > 0 ? 0 : -1,
        };
        head = await session.Store.AppendAsync(following, events, cancellationToken);
        history = events;
        Rebuild();
        await session.Store.TrimAsync(head, cancellationToken);
        await AfterCommitAsync([], cancellationToken);
    }

    private async Task<bool> TerminateAsync(InstanceRecord current, HubMessage terminate, CancellationToken cancellationToken)
    {
        if (terminate.Recursive)
        {
            foreach (var child in pending.Values.Where(e => e.Kind == HistoryEventKind.SubOrchestrationCreated))
            {
                var id = MessageIds.Of(session.Time.GetUtcNow().UtcDateTime, current.ExecutionId, child.TaskId);
                await session.Store.PutMessageAsync(terminate with { Id = id, InstanceId = child.InstanceId ?? "" }, cancellationToken);
            }
        }

        await AppendAsync(current with { Status = OrchestrationRuntimeStatus.Terminated, Output = terminate.Data },
            [new HistoryEvent { Kind = HistoryEventKind.ExecutionCompleted, Data = terminate.Data }], cancellationToken);
        return false;
    }

    private async Task AfterCommitAsync(IEnumerable<HistoryEvent> decisions, CancellationToken cancellationToken)
    {
        session.Signals.Raise(instanceId);
        if (head is { IsEnded: true } ended)
        {
            session.TellParent(ended);
        }

        await ForgetInboundAsync(cancellationToken);
        await SendOutboxAsync(cancellationToken);
        await SetGoingAsync(decisions, cancellationToken);
    }

    private bool IsSuspended(List<HistoryEvent> batch) =>
        history.Concat(batch).LastOrDefault(e => e.Kind is HistoryEventKind.Suspended or HistoryEventKind.Resumed)?.Kind == HistoryEventKind.Suspended;
}
