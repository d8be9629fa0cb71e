namespace Pipeline.Local.Events;

/// <summary>An event that is to be sent.</summary>
internal sealed record OutgoingEvent
{
    /// <summary>The customer; all events of a key go to the same partition.</summary>
    public required string Key { get; init; }

    public required byte[] Body { get; init; }

    /// <summary>The header <c>source</c>.</summary>
    public required string Source { get; init; }

    /// <summary>What is wrong with it; null: nothing.</summary>
    public PoisonKind? Poison { get; init; }

    /// <summary>Whether it was sent before.</summary>
    public bool IsDuplicate { get; init; }
}

/// <summary>What can be wrong with an event. Each kind is rejected.</summary>
internal enum PoisonKind
{
    /// <summary>A JSON object that ends too early.</summary>
    CutJson,

    /// <summary>Text that is no JSON.</summary>
    NotJson,

    /// <summary>JSON, but an array.</summary>
    Array,

    /// <summary>Bytes that are no UTF-8.</summary>
    InvalidUtf8,

    /// <summary>A customer that nobody knows.</summary>
    UnknownCustomer,

    /// <summary>A quantity below zero.</summary>
    NegativeQuantity,

    /// <summary>A sale without its id.</summary>
    NoEventId,

    /// <summary>The property <c>source</c> names no source.</summary>
    UnknownSource,

    /// <summary>2 MiB, more than a row may have.</summary>
    TooLarge,
}
