using System.Collections.Immutable;

namespace Pipeline.Lakehouse.DuckDb.Lineage;

/// <summary>Where a value comes from, as far as it can be told.</summary>
/// <param name="Origins">The columns that it depends on.</param>
/// <param name="IsComplete">False: there are others, which cannot be told.</param>
internal sealed record Flow(ImmutableHashSet<ColumnOrigin> Origins, bool IsComplete)
{
    /// <summary>A value that depends on no column.</summary>
    public static readonly Flow None = new([], IsComplete: true);

    /// <summary>A value of which nothing can be told.</summary>
    public static readonly Flow Unknown = new([], IsComplete: false);

    public static Flow Of(TableName table, string column) => new([new ColumnOrigin(table, column, ColumnUse.Identity)], IsComplete: true);

    public static Flow Of(IEnumerable<Flow> parts) => parts.Aggregate(None, (all, part) => all.And(part));

    public Flow And(Flow other) => new(Origins.Union(other.Origins), IsComplete && other.IsComplete);

    /// <summary>What something depends on that uses the value. A direct use adds to what was done to the value before; an indirect one hides it.</summary>
    public Flow As(ColumnUse use) => this with
    {
        Origins = [.. Origins.Select(origin => IsDirect(use) ? IsDirect(origin.Use) && use > origin.Use ? origin with { Use = use } : origin : origin with { Use = use })],
    };

    public bool IsSame(Flow other) => IsComplete == other.IsComplete && Origins.SetEquals(other.Origins);

    public static bool IsDirect(ColumnUse use) => use <= ColumnUse.Aggregation;
}
