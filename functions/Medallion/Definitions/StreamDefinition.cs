namespace Pipeline.Medallion.Definitions;

/// <summary>How the events of a hub become rows.</summary>
public sealed record StreamDefinition
{
    /// <summary>How long events wait for others to share a commit with, where the definition does not say.</summary>
    public static TimeSpan DefaultLand { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The hub; null: the one that the app is bound to.</summary>
    public string? Hub { get; init; }

    /// <summary>How long events wait for others to share a commit with, from 1 second to 5 minutes; zero: each batch of the trigger has a commit of its own.</summary>
    public TimeSpan Land { get; init; } = DefaultLand;
}
