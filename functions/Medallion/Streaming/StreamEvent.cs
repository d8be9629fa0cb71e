namespace Pipeline.Medallion.Streaming;

/// <summary>An event as a hub delivered it.</summary>
public sealed record StreamEvent
{
    /// <summary>The largest body that becomes a row, in bytes: that of Event Hubs' standard tier. A larger one is rejected.</summary>
    public const int MaxBodyBytes = 1 << 20;

    /// <summary>Its number within the partition; ascending, without gaps unless events are lost.</summary>
    public required long Sequence { get; init; }

    /// <summary>When the hub took it.</summary>
    public required DateTimeOffset EnqueuedUtc { get; init; }

    /// <summary>What it says: one JSON object in UTF-8, or it is rejected.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The property <c>source</c>: the source that it belongs to, as <c>SOURCE</c> or <c>PIPELINE.SOURCE</c>; null where the hub has one source only.</summary>
    public string? Source { get; init; }

    /// <summary>The id of the schema that its properties name; null: they name none.</summary>
    public string? Schema { get; init; }

    /// <summary>The id of the schema that it names and the registry does not have: it is rejected. Null: the registry has it, or it names none.</summary>
    internal string? UnknownSchema { get; init; }
}

/// <summary>A partition of a hub.</summary>
/// <param name="Hub">The hub's name.</param>
/// <param name="Id">The partition's id.</param>
public readonly record struct HubPartition(string Hub, string Id)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Hub}/{Id}";
}
