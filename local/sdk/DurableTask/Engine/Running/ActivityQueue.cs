using System.Threading.Channels;
using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Replay;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Engine.Running;

/// <summary>Runs activities, a bounded number at a time. What does not end here runs again with the next owner of the hub.</summary>
internal sealed class ActivityQueue : IAsyncDisposable
{
    private readonly Channel<(InstanceActor Actor, string ExecutionId, HistoryEvent Task)> queue =
        Channel.CreateUnbounded<(InstanceActor, string, HistoryEvent)>();

    private readonly CancellationTokenSource stopping = new();
    private readonly IDurableFunctionInvoker invoker;
    private readonly ILogger logger;
    private readonly CancellationToken stop;
    private readonly Task workers;

    public ActivityQueue(int concurrency, IDurableFunctionInvoker invoker, ILogger logger)
    {
        this.invoker = invoker;
        this.logger = logger;
        stop = stopping.Token;
        workers = Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => Task.Run(WorkAsync)));
    }

    public void Add(InstanceActor actor, string executionId, HistoryEvent task) => queue.Writer.TryWrite((actor, executionId, task));

    /// <summary>Starts nothing more, asks what runs to end, and waits for it.</summary>
    public async Task StopAsync(TimeSpan timeout, TimeProvider time)
    {
        queue.Writer.TryComplete();
        await stopping.CancelAsync();
        await Task.WhenAny(workers, Task.Delay(timeout, time));
    }

    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        await stopping.CancelAsync();
        stopping.Dispose();
    }

    private async Task WorkAsync()
    {
        while (await queue.Reader.WaitToReadAsync())
        {
            while (!stop.IsCancellationRequested && queue.Reader.TryRead(out var work))
            {
                if (await RunAsync(work.Actor.InstanceId, work.Task) is { } end)
                {
                    work.Actor.Post(new Inbound { ExecutionId = work.ExecutionId, Event = end });
                }
            }

            if (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task<HistoryEvent?> RunAsync(string instanceId, HistoryEvent task)
    {
        var name = task.Name ?? "";
        var failed = new HistoryEvent { Kind = HistoryEventKind.TaskFailed, TaskId = task.TaskId, Name = task.Name };
        if (!invoker.IsActivity(name))
        {
            var missing = $"The function '{name}' doesn't exist, is disabled, or is not an activity function.";
            return failed with { IsFinal = true, Failure = Payload.Failure("System.InvalidOperationException", missing) };
        }

        try
        {
            var result = await invoker.RunActivityAsync(name, instanceId, task.Data, stop);
            return Payload.Excess(result, $"result of activity '{name}'") is { } excess
                ? failed with { IsFinal = true, Failure = Payload.Failure("System.InvalidOperationException", excess) }
                : new HistoryEvent { Kind = HistoryEventKind.TaskCompleted, TaskId = task.TaskId, Data = result };
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "Activity {Activity} (#{TaskId}) of instance {InstanceId} failed.", name, task.TaskId, instanceId);
            return failed with { Failure = Payload.Failure(error) };
        }
    }
}
