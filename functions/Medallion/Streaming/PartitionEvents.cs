using Pipeline.Lakehouse.Delta;

namespace Pipeline.Medallion.Streaming;

/// <summary>What a table has not seen yet of a partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Fresh">The events, each with the name of the partition in <c>_file</c>.</param>
/// <param name="Repeats">How many others the table had.</param>
/// <param name="Position">Where the table stands with them.</param>
internal sealed record PartitionEvents(HubPartition Partition, IReadOnlyList<(string File, StreamEvent Event)> Fresh, long Repeats, StreamPosition? Position)
{
    /// <summary>The state to be committed with the events; none where there is nothing new.</summary>
    public IEnumerable<DomainState> States => Fresh.Count > 0 && Position is { } position ? [position.StateOf(Partition)] : [];

    public static PartitionEvents Of(DeltaSnapshot? table, HubPartition partition, IEnumerable<StreamEvent> events)
    {
        var cursor = new StreamCursor(StreamPosition.Of(table, partition));
        var fresh = new List<(string, StreamEvent)>();
        foreach (var next in events)
        {
            if (cursor.Take(next))
            {
                fresh.Add((cursor.Position?.File(partition) ?? "", next));
            }
        }

        return new PartitionEvents(partition, fresh, cursor.Repeats, cursor.Position);
    }
}
