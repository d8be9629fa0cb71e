using Azure.Data.Tables;

namespace Pipeline.Medallion.Events;

/// <summary>Which events are wanted. A value stands for itself and for all that it is the beginning of, up to a dot or a slash: <c>run</c> for <c>run.failed</c>, <c>northwind</c> for <c>northwind/silver.orders</c>.</summary>
public sealed record EventFilter
{
    /// <summary>All events.</summary>
    public static EventFilter All { get; } = new();

    /// <summary>Of this type; null: of any.</summary>
    public string? Type { get; init; }

    /// <summary>Of this source; null: of any.</summary>
    public string? Source { get; init; }

    /// <summary>Whether an event is wanted.</summary>
    public bool Takes(PipelineEvent candidate)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        return Fits(Type, candidate.Type) && Fits(Source, candidate.Source);
    }

    /// <summary>The same as a condition of a query, to be added to others.</summary>
    internal string ToQuery() => string.Concat(
        Type is null ? "" : TableClient.CreateQueryFilter($" and (Type eq {Type} or (Type ge {Type + "."} and Type lt {Type + "0"}))"),
        Source is null ? "" : TableClient.CreateQueryFilter($" and (Source eq {Source} or (Source ge {Source + "."} and Source lt {Source + "0"}))"));

    // In order come '.', '/' and '0', which is why the query can ask for a range.
    private static bool Fits(string? wanted, string value) =>
        wanted is null || (value.StartsWith(wanted, StringComparison.Ordinal) && (value.Length == wanted.Length || value[wanted.Length] is '.' or '/'));
}
