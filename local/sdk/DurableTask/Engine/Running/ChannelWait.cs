using System.Threading.Channels;

namespace Microsoft.DurableTask.Engine.Running;

/// <summary>Waits for a channel, but not for ever, and leaves no waiter behind.</summary>
internal static class ChannelWait
{
    public static async Task WaitToReadAsync<T>(this ChannelReader<T> reader, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }
}
