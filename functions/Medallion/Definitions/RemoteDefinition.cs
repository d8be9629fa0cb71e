namespace Pipeline.Medallion.Definitions;

/// <summary>A file of a web server.</summary>
public sealed record RemoteDefinition
{
    /// <summary>Where it is.</summary>
    public required Uri Url { get; init; }

    /// <summary>The name of the connection that the server knows the app by; null: anybody may read the file.</summary>
    public string? Connection { get; init; }

    /// <summary>What messages, tables and the ledger call it: its URL, without a query.</summary>
    public string Name => Url.GetLeftPart(UriPartial.Path);
}
