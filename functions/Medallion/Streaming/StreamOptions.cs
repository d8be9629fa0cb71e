namespace Pipeline.Medallion.Streaming;

/// <summary>What streams of an instance are bound to.</summary>
public sealed record StreamOptions
{
    /// <summary>The hub whose events the app takes: setting <c>EventHub__Name</c>. Null: none.</summary>
    public string? Hub { get; init; }
}
