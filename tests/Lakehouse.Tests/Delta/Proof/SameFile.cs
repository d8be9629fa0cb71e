namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>Two readings of a file are the same by what they say, not by their objects.</summary>
internal sealed class SameFile : IEqualityComparer<SpecFile>
{
    public static SameFile Instance { get; } = new();

    public bool Equals(SpecFile? x, SpecFile? y) => x is not null && y is not null && (x.Path, x.Size, x.Stats) == (y.Path, y.Size, y.Stats)
        && x.PartitionValues.Count == y.PartitionValues.Count && !x.PartitionValues.Except(y.PartitionValues).Any();

    public int GetHashCode(SpecFile obj) => obj.Path.GetHashCode(StringComparison.Ordinal);
}
