namespace Pipeline.Medallion.Definitions;

/// <summary>What a source takes of a table of Azure Storage, or of Cosmos DB's API for tables.</summary>
public sealed record TableDefinition
{
    /// <summary>How far behind a change may become visible, where the definition does not say: clocks of the service's servers differ.</summary>
    public static TimeSpan DefaultLookback { get; } = TimeSpan.FromMinutes(1);

    /// <summary>The name of the connection in the app's settings (<c>Connections__NAME</c>).</summary>
    public required string Connection { get; init; }

    /// <summary>The table.</summary>
    public required string Table { get; init; }

    /// <summary>Which of its entities are taken, in OData; null: all.</summary>
    public string? Filter { get; init; }

    /// <summary>How far behind the last Timestamp a change may become visible.</summary>
    public TimeSpan Lookback { get; init; } = DefaultLookback;

    /// <summary>What is taken, for people: <c>telemetry/Devices</c>.</summary>
    public string Name => $"{Connection}/{Table}";
}
