using System.Text;
using Confluent.Kafka;

namespace Pipeline.Faults.Streaming;

/// <summary>Sends numbered events to all partitions in turn and remembers what the broker acknowledged.</summary>
internal sealed class EventProducer(BrokerLag lag) : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Headers Route = new() { { "source", Encoding.UTF8.GetBytes($"{StreamSandbox.Pipeline}.readings") } };
    private readonly Lock gate = new();
    private readonly SemaphoreSlim turn = new(1);
    private readonly List<SentEvent> acknowledged = [];
    private readonly int[] incarnations = new int[BrokerLag.Partitions];
    private readonly HashSet<int> seen = [];
    private readonly HashSet<int> begun = [];
    private IProducer<Null, byte[]>? producer;
    private string? failure;
    private long next;
    private DateTimeOffset time = Start;

    /// <summary>This moment.</summary>
    public Mark Now
    {
        get
        {
            lock (gate)
            {
                return new Mark(Interlocked.Read(ref next), acknowledged.Count);
            }
        }
    }

    /// <summary>The time that the next event will have.</summary>
    public DateTimeOffset Time => time;

    /// <summary>How much time passes between events, by what they say.</summary>
    public TimeSpan Spacing { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Connects to a broker; one that has lost its memory begins with offset 0 again.</summary>
    public void Connect(string bootstrapServers)
    {
        producer?.Dispose();
        lock (gate)
        {
            begun.Clear();
        }

        producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrapServers,
            EnableIdempotence = true,
            LingerMs = 5,
            MessageTimeoutMs = (int)Patience.TotalMilliseconds,
            ReconnectBackoffMaxMs = 500,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    /// <summary>Sends events, spread over a while.</summary>
    public async Task SendAsync(int count, TimeSpan over, CancellationToken cancellationToken)
    {
        var ticks = Math.Max(1, (int)(over / Tick));
        for (var tick = 0; tick < ticks; tick++)
        {
            await lag.MakeRoomAsync(count / ticks + 1, cancellationToken);
            await turn.WaitAsync(cancellationToken);
            try
            {
                for (var sent = (long)count * tick / ticks; sent < (long)count * (tick + 1) / ticks; sent++)
                {
                    Send();
                }
            }
            finally
            {
                turn.Release();
            }

            await Task.Delay(Tick, cancellationToken);
        }
    }

    /// <summary>Lets time pass by what events say.</summary>
    public void Leap(TimeSpan span) => time += span;

    /// <summary>Waits until all that was sent is acknowledged, and sends nothing until the answer is disposed.</summary>
    /// <remarks>The broker does not know a request that it had already by its sequence number, so none may be under way when it goes down.</remarks>
    public async Task<IDisposable> PauseAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        producer?.Flush(cancellationToken);
        return new Pause(turn);
    }

    /// <summary>Waits until all that was sent is acknowledged.</summary>
    /// <returns>What was sent since a moment.</returns>
    /// <exception cref="TimeoutException">The broker did not take an event.</exception>
    public async Task<IReadOnlyList<SentEvent>> FlushAsync(Mark since, CancellationToken cancellationToken)
    {
        (await PauseAsync(cancellationToken)).Dispose();
        lock (gate)
        {
            return failure is null ? Since(since) : throw new TimeoutException($"The broker did not take an event: {failure}");
        }
    }

    /// <summary>What was sent since a moment and is acknowledged.</summary>
    public IReadOnlyList<SentEvent> Since(Mark mark)
    {
        lock (gate)
        {
            return [.. acknowledged.Skip(mark.Acknowledged).Where(e => e.Id >= mark.Id)];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        producer?.Dispose();
        turn.Dispose();
    }

    private void Send()
    {
        var id = Interlocked.Increment(ref next) - 1;
        var partition = (int)(id % BrokerLag.Partitions);
        producer?.Produce(new TopicPartition(StreamSandbox.Hub, partition), new Message<Null, byte[]> { Value = SentEvent.Body(id, time), Headers = Route }, report => Acknowledge(id, report));
        time += Spacing;
    }

    private void Acknowledge(long id, DeliveryReport<Null, byte[]> report)
    {
        lock (gate)
        {
            if (report.Error.IsError)
            {
                failure = $"{id}: {report.Error.Reason}";
                return;
            }

            var partition = report.Partition.Value;
            if (begun.Add(partition) && !seen.Add(partition))
            {
                incarnations[partition]++;
            }

            acknowledged.Add(new SentEvent(id, partition, incarnations[partition], report.Offset.Value));
        }
    }

    /// <summary>A moment in what is sent.</summary>
    /// <param name="Id">The number of the next event.</param>
    /// <param name="Acknowledged">How many were acknowledged.</param>
    public readonly record struct Mark(long Id, int Acknowledged);

    private sealed class Pause(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
