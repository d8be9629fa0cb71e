using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Mart;

/// <summary>How many questions an instance answers at a time: further ones wait, for each has the memory of an activity.</summary>
internal sealed class QueryGate(EngineOptions options) : IDisposable
{
    private readonly SemaphoreSlim places = new(options.MaxConcurrentActivities);

    /// <summary>Waits for a place; disposing what it gives leaves it.</summary>
    /// <exception cref="TransientException">There was none in time.</exception>
    public async Task<IDisposable> EnterAsync(TimeSpan patience, CancellationToken cancellationToken) => await places.WaitAsync(patience, cancellationToken)
        ? new Place(places)
        : throw new TransientException($"{options.MaxConcurrentActivities} questions were being answered for {patience.TotalSeconds} s, which is as many as this instance answers at a time. Ask again.");

    /// <inheritdoc/>
    public void Dispose() => places.Dispose();

    // Leaves it once, however often it is disposed.
    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
            {
                places.Release();
            }
        }
    }
}
