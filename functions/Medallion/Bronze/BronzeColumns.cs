using System.Globalization;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Bronze;

/// <summary>The technical columns that bronze adds to what arrived.</summary>
internal static class BronzeColumns
{
    /// <summary>When, from where, which record, by which run; and for what could not be read: why, and its raw text.</summary>
    public static IReadOnlyList<DuckDbColumn> Technical { get; } =
    [
        new("_ingested_at", "TIMESTAMP WITH TIME ZONE"),
        new("_source", "VARCHAR"),
        new("_file", "VARCHAR"),
        new("_row", "BIGINT"),
        new("_run_id", "VARCHAR"),
        new("_error", "VARCHAR"),
        new("_raw", "VARCHAR"),
    ];

    /// <summary>The rule by which an event is refused, where it is another than that it cannot be read. Bronze has the column once there was such an event.</summary>
    public const string Rule = "_rule";

    /// <summary>What bronze has of events besides: the hub's partition, the number within it, and when the hub took it.</summary>
    public static IReadOnlyList<DuckDbColumn> OfEvents { get; } =
    [
        new("_partition", "VARCHAR"),
        new("_offset", "BIGINT"),
        new("_enqueued_at", "TIMESTAMP WITH TIME ZONE"),
    ];

    /// <summary>The names of all of them, which what arrived cannot have.</summary>
    public static IReadOnlyList<string> Reserved { get; } = [.. Technical.Concat(OfEvents).Select(t => t.Name), Rule];

    /// <summary>Whether a column of bronze is a technical one.</summary>
    public static bool IsTechnical(string column) => Reserved.Contains(column);

    /// <summary>A point in time as SQL.</summary>
    public static string Timestamp(DateTimeOffset time) => $"TIMESTAMPTZ '{time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'";
}
