using System.Text.Json;

namespace Pipeline.Local.Live;

/// <summary>What GET /api/live/{pipeline}/{aggregate} answers.</summary>
internal sealed record LiveAggregate
{
    /// <summary>Whether events are counted that are not committed yet.</summary>
    public bool Provisional { get; init; }

    /// <summary>The event time that all partitions have reached.</summary>
    public DateTimeOffset? WatermarkUtc { get; init; }

    public long Late { get; init; }

    public long Dropped { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<LiveWindow> Windows { get; init; }
}

/// <summary>A window of event time.</summary>
internal sealed record LiveWindow(DateTimeOffset StartUtc, DateTimeOffset EndUtc, bool Closed, IReadOnlyList<LiveGroup> Groups)
{
    /// <summary>The groups with the greatest first value in front.</summary>
    public IEnumerable<LiveGroup> Ranked => Groups.OrderByDescending(group => group.Rank);
}

/// <summary>A group of a window: two objects with a property for each column and each number.</summary>
internal sealed record LiveGroup(JsonElement Key, JsonElement Values)
{
    /// <summary>Its first value; null where that is no number.</summary>
    public decimal? Rank => Values.EnumerateObject().FirstOrDefault().Value is { ValueKind: JsonValueKind.Number } first && first.TryGetDecimal(out var number) ? number : null;
}
