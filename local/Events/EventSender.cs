using System.Text;
using Confluent.Kafka;
using Pipeline.Local.Emulators;

namespace Pipeline.Local.Events;

/// <summary>Sends events at a rate, and no faster than the broker acknowledges them.</summary>
/// <param name="broker">Where to.</param>
/// <param name="unread">What the broker may have of a partition that the app has not taken; null: any number.</param>
/// <param name="clock">The time.</param>
internal sealed class EventSender(EventBroker broker, UnreadLimit? unread, TimeProvider clock)
{
    private const int MostInFlight = 10_000;
    private const long MostBytesInFlight = 1 << 20;

    // Beside key and body: the header, and what the protocol adds to a record, at worst to each one.
    private const int OverheadBytes = 128;
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(1);

    private long inFlight;
    private long bytesInFlight;
    private volatile Error? failure;

    /// <summary>What the broker has acknowledged.</summary>
    public SentOffsets Sent { get; } = new();

    /// <summary>Bad events that the broker itself refused, being too large for it; they are not among those sent.</summary>
    public long Refused { get; private set; }

    /// <summary>Between the first event and the last acknowledgement.</summary>
    public TimeSpan Took { get; private set; }

    /// <summary>Sends events until there are enough or it is told to stop; returns when the broker has acknowledged each.</summary>
    /// <exception cref="LaunchException">The broker did not take one.</exception>
    public async Task SendAsync(SalesEvents events, EventsRequest request, CancellationToken stop)
    {
        var begun = clock.GetTimestamp();
        var pace = new Pace(request.Rate, clock);
        try
        {
            for (long number = 0; number < request.Count && failure is null; number++)
            {
                var next = events.Next();
                await pace.TurnAsync(stop);
                await MakeRoomAsync(next, stop);
                Produce(next);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Enough; what is on its way still arrives.
        }

        while (Interlocked.Read(ref inFlight) > 0)
        {
            await Task.Delay(Breath, clock, CancellationToken.None);
        }

        Took = clock.GetElapsedTime(begun);
        if (failure is { } error)
        {
            throw new LaunchException($"The broker did not take an event after {Sent.Count} others: {error.Reason}.");
        }
    }

    private static long SizeOf(OutgoingEvent next) => next.Body.Length + next.Key.Length + OverheadBytes;

    private async Task MakeRoomAsync(OutgoingEvent next, CancellationToken stop)
    {
        var size = SizeOf(next);
        while (Interlocked.Read(ref inFlight) is var waiting and > 0 && (waiting >= MostInFlight || Interlocked.Read(ref bytesInFlight) + size > MostBytesInFlight))
        {
            await Task.Delay(Breath, clock, stop);
        }

        if (unread is not null)
        {
            await unread.MakeRoomAsync(next.Key, () => Interlocked.Read(ref bytesInFlight) + size, stop);
        }
    }

    private void Produce(OutgoingEvent next)
    {
        var size = SizeOf(next);
        Interlocked.Increment(ref inFlight);
        Interlocked.Add(ref bytesInFlight, size);
        var message = new Message<string, byte[]> { Key = next.Key, Value = next.Body, Headers = new Headers { { "source", Encoding.UTF8.GetBytes(next.Source) } } };
        try
        {
            broker.Producer.Produce(Settings.EventHubName, message, report => Note(report, next, size));
        }
        catch (ProduceException<string, byte[]> error)
        {
            failure = error.Error;
            Landed(size);
        }
    }

    private void Note(DeliveryReport<string, byte[]> report, OutgoingEvent sent, long size)
    {
        if (!report.Error.IsError)
        {
            Sent.Add(report.Partition.Value, report.Offset.Value);
            unread?.Add(sent.Key, report.Partition.Value, report.Offset.Value, size);
        }
        else if (report.Error.Code == ErrorCode.MsgSizeTooLarge && sent.Poison == PoisonKind.TooLarge)
        {
            Refused++;
        }
        else
        {
            failure = report.Error;
        }

        Landed(size);
    }

    private void Landed(long size)
    {
        Interlocked.Add(ref bytesInFlight, -size);
        Interlocked.Decrement(ref inFlight);
    }
}
