using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Confluent.Kafka;

namespace Microsoft.Azure.Functions.Worker.Hosting.EventHubs;

/// <summary>One partition while this host owns it: events are held ready and become batches, one after the other.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A source without a timer or a link holds nothing, and may be cancelled late.")]
internal sealed class PartitionPump(TopicPartition partition, EventHubOptions options, TimeProvider time)
{
    // Of the events held ready, however many that is; as much again may be with the function.
    private const long MaxHeldBytes = 4 * 1024 * 1024;
    private const int OverheadBytes = 300;

    private readonly Channel<ConsumeResult<string?, byte[]?>> held = Channel.CreateUnbounded<ConsumeResult<string?, byte[]?>>(new() { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource lost = new();
    private int heldEvents;
    private long heldBytes;

    public TopicPartition Partition => partition;

    /// <summary>Cancelled when the partition is lost, be it because the host stops.</summary>
    public CancellationToken Token => lost.Token;

    /// <summary>The offset that the next event should have: that of the checkpoint at first, null without one.</summary>
    public long? Next { get; set; }

    /// <summary>Whether an event was added already.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether enough is held ready.</summary>
    public bool IsFull => Volatile.Read(ref heldEvents) >= options.PrefetchCount || Volatile.Read(ref heldBytes) >= MaxHeldBytes;

    /// <summary>Whether there is room again.</summary>
    public bool HasRoom => Volatile.Read(ref heldEvents) <= options.PrefetchCount / 2 && Volatile.Read(ref heldBytes) <= MaxHeldBytes / 2;

    public void Add(ConsumeResult<string?, byte[]?> result)
    {
        HasBegun = true;
        Next = result.Offset.Value + 1;
        Interlocked.Increment(ref heldEvents);
        Interlocked.Add(ref heldBytes, Bytes(result));
        held.Writer.TryWrite(result);
    }

    /// <summary>Calls back with batch after batch, which is the callee's then, and the number of each, from 1, until <see cref="Token"/> is cancelled.</summary>
    public async Task RunAsync(Func<List<ConsumeResult<string?, byte[]?>>, long, Task> handle)
    {
        try
        {
            for (var number = 1L; ; number++)
            {
                await handle(await TakeAsync(), number);
                Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException)
        {
            // What is still held is dropped: whoever owns the partition next begins at the checkpoint.
        }
    }

    /// <summary>The invocation that runs is asked to end, and no other follows.</summary>
    public void Lose() => _ = lost.CancelAsync();

    private static long Bytes(ConsumeResult<string?, byte[]?> result) =>
        OverheadBytes + (result.Message.Value?.Length ?? 0) + (result.Message.Key?.Length ?? 0)
        + (result.Message.Headers?.Sum(header => header.Key.Length + (header.GetValueBytes()?.Length ?? 0)) ?? 0);

    private async Task<List<ConsumeResult<string?, byte[]?>>> TakeAsync()
    {
        var batch = new List<ConsumeResult<string?, byte[]?>>();
        await held.Reader.WaitToReadAsync(Token);
        Fill(batch);
        if (batch.Count < options.MinEventBatchSize)
        {
            await WaitForMoreAsync(batch);
        }

        return batch;
    }

    private async Task WaitForMoreAsync(List<ConsumeResult<string?, byte[]?>> batch)
    {
        using var longest = new CancellationTokenSource(options.MaxWaitTime, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Token, longest.Token);
        try
        {
            while (batch.Count < options.MinEventBatchSize)
            {
                await held.Reader.WaitToReadAsync(deadline.Token);
                Fill(batch);
            }
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            // The longest wait is over.
        }
    }

    private void Fill(List<ConsumeResult<string?, byte[]?>> batch)
    {
        while (batch.Count < options.MaxEventBatchSize && held.Reader.TryRead(out var result))
        {
            Interlocked.Decrement(ref heldEvents);
            Interlocked.Add(ref heldBytes, -Bytes(result));
            batch.Add(result);
        }
    }
}
