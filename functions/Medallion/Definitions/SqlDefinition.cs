namespace Pipeline.Medallion.Definitions;

/// <summary>What a source takes of a database.</summary>
public sealed record SqlDefinition
{
    /// <summary>The name of the connection in the app's settings (<c>Connections__NAME</c>).</summary>
    public required string Connection { get; init; }

    /// <summary>A table or view, with its schema or without; null where <see cref="Query"/> says what is taken.</summary>
    public string? Table { get; init; }

    /// <summary>A SELECT in the database's own dialect; null where <see cref="Table"/> is taken.</summary>
    public string? Query { get; init; }

    /// <summary>The column that grows with every change of a row; null: each load takes all.</summary>
    public string? Cursor { get; init; }

    /// <summary>How far behind the last value of <see cref="Cursor"/> a change may become visible.</summary>
    public TimeSpan Lookback { get; init; }

    /// <summary>The numeric or date column by whose ranges a load is read side by side; null: it is read in one piece.</summary>
    public string? SplitBy { get; init; }

    /// <summary>What is taken, for people: <c>northwind/public.orders</c>.</summary>
    public string Name => $"{Connection}/{Table ?? "query"}";
}
