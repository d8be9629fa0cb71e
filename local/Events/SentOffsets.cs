namespace Pipeline.Local.Events;

/// <summary>The offsets that a broker gave to what was sent, as ranges: few, unless somebody else writes to the topic as well.</summary>
internal sealed class SentOffsets
{
    private readonly Lock door = new();
    private readonly Dictionary<int, List<OffsetRange>> byPartition = [];

    public long Count { get; private set; }

    public IReadOnlyList<OffsetRange> Ranges
    {
        get
        {
            lock (door)
            {
                return [.. byPartition.OrderBy(p => p.Key).SelectMany(p => p.Value)];
            }
        }
    }

    /// <summary>Notes an offset, whatever the order in which they become known.</summary>
    public void Add(int partition, long offset)
    {
        lock (door)
        {
            if (!byPartition.TryGetValue(partition, out var ranges))
            {
                byPartition[partition] = ranges = [];
            }

            Count++;
            var before = ranges.FindLastIndex(range => range.First <= offset);
            if (before >= 0 && ranges[before].Last == offset - 1)
            {
                ranges[before] = ranges[before] with { Last = offset };
            }
            else
            {
                ranges.Insert(before + 1, new OffsetRange(partition, offset, offset));
            }
        }
    }

    /// <summary>How many of them lie at or behind the offset from which each partition's reader goes on.</summary>
    public long Behind(IReadOnlyDictionary<int, long> committed)
    {
        lock (door)
        {
            return byPartition.Values.SelectMany(ranges => ranges)
                .Sum(range => Math.Clamp(range.Last + 1 - committed.GetValueOrDefault(range.Partition), 0, range.Last + 1 - range.First));
        }
    }
}

/// <summary>Offsets of a partition, from the first to the last.</summary>
internal readonly record struct OffsetRange(int Partition, long First, long Last);
