namespace Pipeline.Local;

/// <summary>What POST /api/quality/{layer}/{pipeline}/{table}/profile answers.</summary>
internal sealed record ProfileState
{
    public required string Table { get; init; }

    public long Version { get; init; }

    public long Rows { get; init; }

    public long ProfiledRows { get; init; }

    public IReadOnlyList<ProfiledColumn> Columns { get; init; } = [];

    /// <summary>Rules that the rows keep, as YAML.</summary>
    public required string Suggestion { get; init; }
}

/// <summary>A column of a profile.</summary>
internal sealed record ProfiledColumn
{
    public required string Name { get; init; }

    public required string Type { get; init; }

    public long Nulls { get; init; }

    public long Blanks { get; init; }

    public long? Distinct { get; init; }

    public bool IsDistinctExact { get; init; }

    public string? Min { get; init; }

    public string? Max { get; init; }

    public ProfiledQuantiles? Quantiles { get; init; }

    public IReadOnlyDictionary<string, double> Matches { get; init; } = new Dictionary<string, double>();

    public IReadOnlyList<ProfiledValue> Top { get; init; } = [];
}

internal sealed record ProfiledQuantiles(string P50);

internal sealed record ProfiledValue(string Value, long Count, double Share);
