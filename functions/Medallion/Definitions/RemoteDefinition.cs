namespace Pipeline.Medallion.Definitions;

/// <summary>A file of a web server, or files of another storage account.</summary>
public sealed record RemoteDefinition
{
    /// <summary>Where it is; in a storage account a glob, of whose path '*' stands for others within a segment, '**' over segments.</summary>
    public required Uri Url { get; init; }

    /// <summary>The name of the connection that the server knows the app by; null: anybody may read the file, or the app by its identity those that a glob matches.</summary>
    public string? Connection { get; init; }

    /// <summary>Whether it stands for several files, which only a storage account lists.</summary>
    public bool IsGlob => Url.AbsolutePath.Contains('*', StringComparison.Ordinal);

    /// <summary>What messages, tables and the ledger call it: its URL, without a query.</summary>
    public string Name => Url.GetLeftPart(UriPartial.Path);
}
