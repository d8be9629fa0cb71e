using Pipeline.Local.Emulators;

namespace Pipeline.Faults.Storage;

/// <summary>A request on its way to storage.</summary>
public sealed record StorageRequest
{
    /// <summary>Blobs or tables.</summary>
    public required StorageEndpoint Endpoint { get; init; }

    /// <summary>GET, PUT, ...</summary>
    public required string Method { get; init; }

    /// <summary>Path and query as they were sent.</summary>
    public required string Target { get; init; }

    /// <summary>Whether it creates only what is not there (If-None-Match: *).</summary>
    public bool IfAbsent { get; init; }

    /// <summary>Whether it changes only what is as it was (If-Match).</summary>
    public bool IfUnchanged { get; init; }

    /// <summary>Place among the writes since the faults were armed, from 1; 0 for a read.</summary>
    public long WriteNumber { get; init; }

    /// <summary>Whether it changes what is stored.</summary>
    public bool IsWrite => Method is not ("GET" or "HEAD" or "OPTIONS");

    /// <summary>Whether it appends a version to a Delta table's log.</summary>
    public bool IsCommit => Endpoint == StorageEndpoint.Blobs && IsWrite && IfAbsent && Target.Contains("/_delta_log/", StringComparison.Ordinal);

    public override string ToString() => $"{(IsWrite ? $"write {WriteNumber}, " : "")}{Method} {Target}";
}
