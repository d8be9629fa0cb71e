namespace Pipeline.Medallion.Definitions;

/// <summary>A named business number.</summary>
public sealed record MetricDefinition
{
    /// <summary>The metric's name.</summary>
    public required string Name { get; init; }

    /// <summary>The table it is measured on.</summary>
    public required TableKey From { get; init; }

    /// <summary>An aggregate over that table.</summary>
    public required string Expr { get; init; }

    /// <summary>The unit, such as USD.</summary>
    public string? Unit { get; init; }

    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }
}
