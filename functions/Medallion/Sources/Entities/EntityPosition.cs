using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Sources.Entities;

/// <summary>How far a table is taken, as bronze keeps it.</summary>
internal sealed record EntityPosition
{
    /// <summary>The Timestamp up to which nothing is new; null for a full load, and where there was no entity.</summary>
    public string? Cursor { get; init; }

    /// <summary>What the entities of a full load come to.</summary>
    public RowSum? Content { get; init; }

    /// <summary>The properties that entities had.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];
}

/// <summary>A load of a table.</summary>
/// <param name="Before">What the last one came to; null: take all anew.</param>
/// <param name="BegunUtc">The service's clock as the load was planned, to the second: what changes later is the next one's.</param>
internal sealed record EntityPart(EntityPosition? Before, DateTimeOffset BegunUtc);
