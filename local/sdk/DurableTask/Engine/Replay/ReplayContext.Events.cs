using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Replay;

internal sealed partial class ReplayContext
{
    private readonly Dictionary<string, Stack<EventWaiter>> waiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<HistoryEvent> unclaimed = [];

    /// <summary>Events that nobody waited for, in their order.</summary>
    public IReadOnlyList<HistoryEvent> UnclaimedEvents => unclaimed;

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        EnsureTurn();
        var waiter = new EventWaiter<T>(converter);
        cancellationToken.Register(() => waiter.Source.TrySetCanceled(cancellationToken));
        if (unclaimed.FindIndex(e => string.Equals(e.Name, eventName, StringComparison.OrdinalIgnoreCase)) is var index and >= 0)
        {
            var raised = unclaimed[index];
            unclaimed.RemoveAt(index);
            waiter.Complete(raised.Data);
            return waiter.Source.Task;
        }

        if (!waiters.TryGetValue(eventName, out var stack))
        {
            waiters.Add(eventName, stack = new Stack<EventWaiter>());
        }

        if (stack.TryPeek(out var other) && other is not EventWaiter<T>)
        {
            throw new ArgumentException($"Event '{eventName}' is already waited for with another type: {other.GetType().GenericTypeArguments[0]}, not {typeof(T)}.");
        }

        stack.Push(waiter);
        return waiter.Source.Task;
    }

    /// <summary>Hands an event to who waited last for it, or keeps it.</summary>
    public void Raise(HistoryEvent raised)
    {
        if (waiters.TryGetValue(raised.Name ?? "", out var stack) && stack.TryPop(out var waiter))
        {
            waiter.Complete(raised.Data);
        }
        else
        {
            unclaimed.Add(raised);
        }
    }

    private abstract class EventWaiter
    {
        public abstract bool IsWaiting { get; }

        public abstract void Complete(string? json);
    }

    private sealed class EventWaiter<T>(DataConverter converter) : EventWaiter
    {
        public TaskCompletionSource<T> Source { get; } = new();

        public override bool IsWaiting => !Source.Task.IsCompleted;

        public override void Complete(string? json)
        {
            try
            {
                Source.TrySetResult(converter.Deserialize<T>(json)!);
            }
            catch (System.Text.Json.JsonException error)
            {
                Source.TrySetException(error);
            }
        }
    }
}
