namespace Pipeline.Lakehouse.DuckDb;

/// <summary>What a statement may hold.</summary>
internal sealed record GateRules
{
    public bool TableFunctions { get; init; }

    /// <summary>Whatever gives another value in another run.</summary>
    public bool Clock { get; init; }

    /// <summary>Values may be as long as the statement's data make them.</summary>
    public bool AnySize { get; init; } = true;

    public bool Subqueries { get; init; }

    public bool Windows { get; init; }

    /// <summary>Names that are refused as functions, folded; null: aggregates are allowed.</summary>
    public IReadOnlySet<string>? Aggregates { get; init; }

    /// <summary>Stars, parameters and references by position: parts that mean something in a whole statement only.</summary>
    public bool StatementParts { get; init; }
}
