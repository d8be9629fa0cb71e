using Confluent.Kafka;

namespace Pipeline.Faults.Streaming.Kinds;

/// <summary>A member joins the app's consumer group, sets the checkpoints of the partitions it is given back, and leaves: the app gets those events again.</summary>
internal sealed class RepeatFault() : StreamFault("repeat", "repeated batches")
{
    private const int MostEvents = 200;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnswerDeadline = TimeSpan.FromSeconds(5);

    public override Task InjectAsync(StreamSandbox sandbox, Random random, CancellationToken cancellationToken) => Task.Run(() => SetBack(sandbox, random), cancellationToken);

    private static void SetBack(StreamSandbox sandbox, Random random)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var member = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig
        {
            BootstrapServers = sandbox.Broker.BootstrapServers,
            GroupId = "$Default",
            EnableAutoCommit = false,
            SessionTimeoutMs = 3000,
            HeartbeatIntervalMs = 500,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        member.Subscribe(StreamSandbox.Hub);
        var repeated = 0L;
        while (repeated == 0)
        {
            // It reads nothing: what it is given is soon the app's again.
            deadline.Token.ThrowIfCancellationRequested();
            member.Consume(TimeSpan.FromMilliseconds(50));
            if (member.Assignment.Count > 0)
            {
                member.Pause(member.Assignment);
                repeated = Commit(member, random);
            }
        }

        member.Close();
    }

    private static long Commit(IConsumer<Ignore, Ignore> member, Random random)
    {
        var committed = member.Committed(member.Assignment, AnswerDeadline).Where(c => !c.Offset.IsSpecial).ToList();
        var earlier = committed.ConvertAll(c => new TopicPartitionOffset(c.TopicPartition, Math.Max(member.QueryWatermarkOffsets(c.TopicPartition, AnswerDeadline).Low.Value, c.Offset.Value - random.Next(1, MostEvents))));
        member.Commit(earlier);
        return committed.Zip(earlier, (was, now) => was.Offset.Value - now.Offset.Value).Sum();
    }
}
