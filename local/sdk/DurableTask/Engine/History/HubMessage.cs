namespace Microsoft.DurableTask.Engine.History;

/// <summary>What a client or another instance wants of an instance.</summary>
internal enum HubMessageKind
{
    Wake,
    RaiseEvent,
    Suspend,
    Resume,
    Terminate,
}

/// <summary>A message to an instance. It stays in the hub until the instance's history holds it.</summary>
internal sealed record HubMessage
{
    /// <summary>Sorts by time.</summary>
    public required string Id { get; init; }

    public required string InstanceId { get; init; }

    public required HubMessageKind Kind { get; init; }

    /// <summary>Name of the event.</summary>
    public string? Name { get; init; }

    /// <summary>Payload of the event, or output of the terminated instance, as JSON.</summary>
    public string? Data { get; init; }

    /// <summary>Terminate sub-orchestrations as well.</summary>
    public bool Recursive { get; init; }
}
