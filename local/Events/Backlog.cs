namespace Pipeline.Local.Events;

/// <summary>What a broker has of ours that its reader has not taken, in bytes of each partition.</summary>
internal sealed class Backlog
{
    private readonly Lock door = new();
    private readonly Dictionary<int, Queue<(long Offset, long Bytes)>> waiting = [];
    private readonly Dictionary<int, long> bytes = [];
    private readonly Dictionary<string, int> partitions = new(StringComparer.Ordinal);
    private long largest;

    /// <summary>Notes what the broker has taken.</summary>
    public void Add(string key, int partition, long offset, long size)
    {
        lock (door)
        {
            partitions[key] = partition;
            if (!waiting.TryGetValue(partition, out var queue))
            {
                waiting[partition] = queue = new();
            }

            queue.Enqueue((offset, size));
            bytes[partition] = bytes.GetValueOrDefault(partition) + size;
            largest = Math.Max(largest, bytes[partition]);
        }
    }

    /// <summary>The bytes of the partition that a key's events go to; of the largest one as long as that is not known.</summary>
    public long BytesOf(string key)
    {
        lock (door)
        {
            return partitions.TryGetValue(key, out var partition) ? bytes[partition] : largest;
        }
    }

    /// <summary>Forgets what the reader has taken.</summary>
    public void Taken(IReadOnlyDictionary<int, long> committed)
    {
        lock (door)
        {
            foreach (var (partition, queue) in waiting)
            {
                while (queue.TryPeek(out var next) && next.Offset < committed.GetValueOrDefault(partition))
                {
                    bytes[partition] -= queue.Dequeue().Bytes;
                }
            }

            largest = bytes.Values.DefaultIfEmpty().Max();
        }
    }
}
