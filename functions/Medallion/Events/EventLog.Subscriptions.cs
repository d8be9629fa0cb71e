using System.Collections.Immutable;
using System.Threading.Channels;

namespace Pipeline.Medallion.Events;

public sealed partial class EventLog
{
    private ImmutableList<Subscription> subscriptions = [];
    private TaskCompletionSource appended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Has events that this instance writes given to a receiver, one after the other in the order of the log, until the subscription is disposed.</summary>
    /// <param name="filter">Which events.</param>
    /// <param name="receive">Takes an event. Neither what it throws nor how long it takes is noticed by the log or by others.</param>
    /// <param name="capacity">How many events wait for it; of more, the newest are kept.</param>
    /// <remarks>It is for news within the process, and forgets them with the process. <see cref="FollowAsync"/> misses nothing.</remarks>
    public IAsyncDisposable Subscribe(EventFilter filter, Func<EventDelivery, CancellationToken, Task> receive, int capacity = 1000)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(receive);
        var subscription = new Subscription(this, filter, receive, capacity);
        ImmutableInterlocked.Update(ref subscriptions, all => all.Add(subscription));
        return subscription;
    }

    private void Publish(List<PipelineEvent> events)
    {
        foreach (var subscription in Volatile.Read(ref subscriptions))
        {
            events.ForEach(subscription.Offer);
        }

        Interlocked.Exchange(ref appended, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private sealed class Subscription : IAsyncDisposable
    {
        private readonly EventLog log;
        private readonly EventFilter filter;
        private readonly Func<EventDelivery, CancellationToken, Task> receive;
        private readonly Channel<(PipelineEvent Event, long Before)> queue;
        private readonly CancellationTokenSource ended = new();
        private readonly Task delivery;
        private long offered;

        public Subscription(EventLog log, EventFilter filter, Func<EventDelivery, CancellationToken, Task> receive, int capacity)
        {
            (this.log, this.filter, this.receive) = (log, filter, receive);
            queue = Channel.CreateBounded<(PipelineEvent, long)>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
            delivery = Task.Run(DeliverAsync);
        }

        // Who has the log's turn calls: one at a time, in order. It never waits.
        public void Offer(PipelineEvent told)
        {
            if (filter.Takes(told))
            {
                queue.Writer.TryWrite((told, offered));
                offered = told.Sequence;
            }
        }

        public async ValueTask DisposeAsync()
        {
            ImmutableInterlocked.Update(ref log.subscriptions, all => all.Remove(this));
            queue.Writer.TryComplete();
            await ended.CancelAsync();
            await delivery;
            ended.Dispose();
        }

        private async Task DeliverAsync()
        {
            var received = 0L;
            try
            {
                await foreach (var (told, before) in queue.Reader.ReadAllAsync(ended.Token))
                {
                    var missed = before == received ? null : (long?)received;
                    received = told.Sequence;
                    await DeliverAsync(new EventDelivery(told, missed));
                }
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                // It was disposed.
            }
        }

        private async Task DeliverAsync(EventDelivery news)
        {
            try
            {
                await receive(news, ended.Token);
            }
#pragma warning disable CA1031 // A receiver's failure is its own: the next event may do.
            catch (Exception error) when (!ended.IsCancellationRequested)
#pragma warning restore CA1031
            {
                log.logger.NotReceived(news.Event.Sequence, news.Event.Type, error);
            }
        }
    }
}

/// <summary>An event as a subscriber gets it.</summary>
/// <param name="Event">The event.</param>
/// <param name="MissedAfter">Null where nothing was left out; else the number after which events were, as more came than wait for a subscriber: the log has them.</param>
public sealed record EventDelivery(PipelineEvent Event, long? MissedAfter);
