namespace Microsoft.DurableTask.Engine.History;

/// <summary>Which process works on the hub.</summary>
internal sealed record HubLease
{
    /// <summary>The owning hub object; empty: nobody.</summary>
    public required string Owner { get; init; }

    public required string Machine { get; init; }

    public required int ProcessId { get; init; }

    public required DateTimeOffset ProcessStartedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Counts the changes of owner.</summary>
    public required int Epoch { get; init; }

    public string ETag { get; init; } = "";
}
