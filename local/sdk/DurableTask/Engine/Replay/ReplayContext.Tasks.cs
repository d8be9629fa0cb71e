using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Replay;

internal sealed partial class ReplayContext
{
    public override async Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        EnsureTurn();
        RefuseOptionsAsInput(input, options);
        var result = await WithRetries(name, options?.Retry, () => Decide(new HistoryEvent
        {
            Kind = HistoryEventKind.TaskScheduled,
            TaskId = ++lastTaskId,
            Name = name.Name,
            Data = Serialize(input, $"input of activity '{name}'"),
        }));
        return converter.Deserialize<TResult>(result)!;
    }

    public override async Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        EnsureTurn();
        RefuseOptionsAsInput(input, options);
        var id = (options as SubOrchestrationOptions)?.InstanceId ?? NewGuid().ToString("N");
        var result = await WithRetries(orchestratorName, options?.Retry, () => Decide(new HistoryEvent
        {
            Kind = HistoryEventKind.SubOrchestrationCreated,
            TaskId = ++lastTaskId,
            Name = orchestratorName.Name,
            InstanceId = id,
            Version = options?.Version?.Version ?? defaultVersion,
            Data = Serialize(input, $"input of sub-orchestration '{orchestratorName}'"),
        }));
        return converter.Deserialize<TResult>(result)!;
    }

    public override async Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        EnsureTurn();
        cancellationToken.ThrowIfCancellationRequested();
        var id = ++lastTaskId;
        var fired = Decide(new HistoryEvent { Kind = HistoryEventKind.TimerCreated, TaskId = id, FireAt = fireAt.ToUniversalTime() });
        using var registration = cancellationToken.Register(() =>
        {
            if (open.Remove(id, out var task))
            {
                task.SetCanceled(cancellationToken);
            }
        });
        await fired;
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        EnsureTurn();
        var id = ++lastTaskId;
        Decisions.Enqueue(new HistoryEvent
        {
            Kind = HistoryEventKind.EventSent,
            TaskId = id,
            Name = eventName,
            InstanceId = instanceId,
            Data = Serialize(payload, $"payload of event '{eventName}'"),
            MessageId = MessageIds.Of(now, instance.ExecutionId, id),
        });
    }

    private static void RefuseOptionsAsInput(object? input, TaskOptions? options)
    {
        if (input is TaskOptions && options is null)
        {
            throw new ArgumentException("TaskOptions were given as the input, and no options. Were they meant as the options?", nameof(input));
        }
    }

    private async Task<string?> WithRetries(TaskName name, TaskRetryOptions? retry, Func<Task<string?>> attempt)
    {
        var begun = now;
        for (var number = 1; ; number++)
        {
            TimeSpan delay;
            try
            {
                return await attempt();
            }
            catch (TaskFailedException failure) when (retry is not null && failure.Data[FinalKey] is false)
            {
                var again = new TaskFailedException(name.Name, failure.TaskId, failure.FailureDetails);
                if (retry.Handler is { } handler)
                {
                    delay = TimeSpan.Zero;
                    if (!await handler(new RetryContext(this, number, failure.FailureDetails, now - begun, CancellationToken.None)))
                    {
                        throw again;
                    }
                }
                else
                {
                    delay = NextDelay(retry.Policy!, number, begun, failure) ?? throw again;
                }
            }

            if (delay > TimeSpan.Zero)
            {
                await CreateTimer(now + delay, CancellationToken.None);
            }
        }
    }

    private TimeSpan? NextDelay(RetryPolicy policy, int attempts, DateTime begun, TaskFailedException failure)
    {
        if (attempts >= policy.MaxNumberOfAttempts || !policy.Handle(failure)
            || (policy.RetryTimeout != Timeout.InfiniteTimeSpan && now - begun >= policy.RetryTimeout))
        {
            return null;
        }

        var delay = policy.FirstRetryInterval.TotalMilliseconds * Math.Pow(policy.BackoffCoefficient, attempts - 1);
        var longest = policy.MaxRetryInterval == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : policy.MaxRetryInterval;
        return delay < longest.TotalMilliseconds ? TimeSpan.FromMilliseconds(delay) : longest;
    }
}
