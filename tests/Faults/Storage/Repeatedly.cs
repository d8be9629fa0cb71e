using System.Collections.Concurrent;

namespace Pipeline.Faults.Storage;

/// <summary>The same fault again and again: at every n-th of some requests, or at the first attempt of each.</summary>
/// <param name="fault">What happens.</param>
/// <param name="moment">Before: storage never sees the request. After: it is done, and the answer is lost.</param>
/// <param name="which">The requests that count.</param>
/// <param name="every">Which of them fail; null: the first to each address, so that its repetition passes.</param>
public sealed class Repeatedly(Fault fault, Moment moment, Func<StorageRequest, bool> which, int? every) : StorageFaults
{
    private readonly ConcurrentDictionary<string, bool> seen = new(StringComparer.Ordinal);
    private int asked;
    private int failed;

    /// <summary>How many requests failed.</summary>
    public int Failed => Volatile.Read(ref failed);

    public override Task<Fault> BeforeAsync(StorageRequest request) => Task.FromResult(At(request, Moment.Before));

    public override Task<Fault> AfterAsync(StorageRequest request, int status) => Task.FromResult(At(request, Moment.After));

    private Fault At(StorageRequest request, Moment now)
    {
        if (now != moment || !which(request) || (every is { } n ? Interlocked.Increment(ref asked) % n != 0 : !seen.TryAdd(request.Target, true)))
        {
            return Fault.None;
        }

        Interlocked.Increment(ref failed);
        return fault;
    }
}
