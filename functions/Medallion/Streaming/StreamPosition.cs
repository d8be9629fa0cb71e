using System.Globalization;
using Pipeline.Lakehouse.Delta;

namespace Pipeline.Medallion.Streaming;

/// <summary>How far a table has a partition's events. It is kept in the table, in the commit of the events.</summary>
/// <param name="Sequence">The number of the last event.</param>
/// <param name="EnqueuedUtc">The latest time at which any event up to there was taken by the hub.</param>
/// <param name="Incarnation">How often the hub was created anew, and its numbers began again.</param>
public sealed record StreamPosition(long Sequence, DateTimeOffset EnqueuedUtc, int Incarnation)
{
    private const string Prefix = "pipeline.stream.";

    /// <summary>What the events are named after in <c>_file</c>: the partition, and from the second incarnation on which one.</summary>
    public string File(HubPartition partition) => Incarnation == 0 ? $"{partition}" : $"{partition}@{Incarnation}";

    /// <summary>The partition and the incarnation that a name in <c>_file</c> stands for.</summary>
    public static (string Partition, int Incarnation) OfFile(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.LastIndexOf('@') is var at and > 0 && int.TryParse(file.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var incarnation) ? (file[..at], incarnation) : (file, 0);
    }

    /// <summary>The position in a table; null where it has no event of the partition.</summary>
    public static StreamPosition? Of(DeltaSnapshot? table, HubPartition partition) =>
        table is not null && table.Domains.TryGetValue(Prefix + partition, out var text) ? Json.Read<StreamPosition>(text) : null;

    /// <summary>The positions of all partitions of a hub.</summary>
    public static IEnumerable<(HubPartition Partition, StreamPosition Position)> AllOf(DeltaSnapshot table, string hub)
    {
        var prefix = $"{Prefix}{hub}/";
        return table.Domains.Where(d => d.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(d => (new HubPartition(hub, d.Key[prefix.Length..]), Json.Read<StreamPosition>(d.Value)));
    }

    /// <summary>The state that keeps this position.</summary>
    public DomainState StateOf(HubPartition partition) => new(Prefix + partition, Json.Write(this));
}
