using System.Text.Json.Nodes;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>A live aggregate as it stands.</summary>
public sealed record LiveAnswer
{
    /// <summary>The pipeline.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The aggregate.</summary>
    public required string Aggregate { get; init; }

    /// <summary>When it was put together; of two the later one is right.</summary>
    public required DateTimeOffset TimeUtc { get; init; }

    /// <summary>The version of silver that is counted; -1: none is yet.</summary>
    public required long Version { get; init; }

    /// <summary>Whether events are counted that are not committed yet.</summary>
    public bool Provisional { get; init; }

    /// <summary>The event time that all partitions have reached; null where there was no event.</summary>
    public DateTimeOffset? WatermarkUtc { get; init; }

    /// <summary>Events that came after their window's time, and were counted.</summary>
    public long Late { get; init; }

    /// <summary>Events that came when their window was closed.</summary>
    public long Dropped { get; init; }

    /// <summary>Windows, oldest first.</summary>
    public required IReadOnlyList<LiveWindow> Windows { get; init; }
}

/// <summary>A window of a live aggregate.</summary>
/// <param name="StartUtc">Its first moment.</param>
/// <param name="EndUtc">The first moment after it.</param>
/// <param name="Closed">Whether it takes no more events, and is in the aggregate's table in gold.</param>
/// <param name="Groups">Its groups, in the order of their keys.</param>
public sealed record LiveWindow(DateTimeOffset StartUtc, DateTimeOffset EndUtc, bool Closed, IReadOnlyList<LiveGroup> Groups);

/// <summary>A group of a window.</summary>
/// <param name="Key">The values that make the group, by column.</param>
/// <param name="Values">Its numbers, by name.</param>
public sealed record LiveGroup(JsonObject Key, JsonObject Values);
