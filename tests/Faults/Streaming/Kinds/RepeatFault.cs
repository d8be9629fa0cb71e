using Confluent.Kafka;

namespace Pipeline.Faults.Streaming.Kinds;

/// <summary>A member joins the app's consumer group, sets the checkpoints of the partitions it is given back, and leaves: the app gets those events again.</summary>
internal sealed class RepeatFault() : StreamFault("repeat", "repeated batches")
{
    private const int MostEvents = 200;

    // Its sessions are longer than the app's. The mock cluster drops requests to join a group whose members differ in that, so that both have to do without an answer now and then.
    private const int SessionTimeoutMs = 3000;
    private const int LongestWaitMs = 8000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    // Long enough for the app to get the partitions back and to read them: a member that came back sooner would keep them from it for good.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(5);

    public override async Task InjectAsync(StreamSandbox sandbox, Random random, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        while (!await Task.Run(() => SetBack(sandbox, random, deadline.Token), cancellationToken))
        {
            // Of the partitions that it was given the app had read none yet.
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static bool SetBack(StreamSandbox sandbox, Random random, CancellationToken cancellationToken)
    {
        using var member = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = sandbox.Broker.BootstrapServers,
            GroupId = StreamSandbox.ConsumerGroup,
            EnableAutoCommit = false,
            SessionTimeoutMs = SessionTimeoutMs,
            HeartbeatIntervalMs = 500,
            MaxPollIntervalMs = LongestWaitMs,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        member.Subscribe(StreamSandbox.Hub);
        while (member.Assignment.Count == 0)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"The group of the app gave a further member no partition within {Deadline.TotalSeconds} s.");
            }

            member.Consume(TimeSpan.FromMilliseconds(50));
        }

        var repeated = Commit(member, random);
        member.Close();
        return repeated > 0;
    }

    private static long Commit(IConsumer<Ignore, Ignore> member, Random random)
    {
        var committed = member.Committed(member.Assignment, AnswerDeadline).Where(c => !c.Offset.IsSpecial).ToList();
        var earlier = committed.ConvertAll(c => new TopicPartitionOffset(c.TopicPartition, Math.Max(0, c.Offset.Value - random.Next(1, MostEvents))));
        if (earlier.Count > 0)
        {
            member.Commit(earlier);
        }

        return committed.Zip(earlier, (was, now) => was.Offset.Value - now.Offset.Value).Sum();
    }
}
