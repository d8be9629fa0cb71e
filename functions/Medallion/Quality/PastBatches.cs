using System.Globalization;

namespace Pipeline.Medallion.Quality;

/// <summary>What earlier batches of a table were like.</summary>
internal sealed record PastBatches
{
    private const double SmallestShare = 0.01;

    public required string Table { get; init; }

    public required string Kind { get; init; }

    /// <summary>When the last one was read.</summary>
    public required DateTimeOffset LastUtc { get; init; }

    public required IReadOnlyList<double> Rows { get; init; }

    /// <summary>Seconds from one batch to the next.</summary>
    public required IReadOnlyList<double> Gaps { get; init; }

    /// <summary>By column, the share of rows with nothing in it.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<double>> Missing { get; init; }

    /// <summary>What is unusual about a batch.</summary>
    public IEnumerable<string> Compare(QualityReport report)
    {
        if (report.Table.ToString() != Table || !string.Equals(report.Kind.ToString(), Kind, StringComparison.OrdinalIgnoreCase) || report.Rows == 0)
        {
            yield break;
        }

        if (IsUnusual(Rows, report.Rows))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{report.Rows} rows, where the {Rows.Count} batches before had {RobustDeviation.Median(Rows):0.#} (median)");
        }

        foreach (var column in report.Columns.Where(c => c.Rows > 0 && Missing.ContainsKey(c.Column)))
        {
            var (share, before) = ((double)column.Missing / column.Rows, Missing[column.Column]);
            if (IsUnusual(before, share) && Math.Abs(share - RobustDeviation.Median(before)) >= SmallestShare)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{share:0.##%} of '{column.Column}' is missing, where {RobustDeviation.Median(before):0.##%} was before (median of {before.Count})");
            }
        }

        var gap = (report.AtUtc - LastUtc).TotalSeconds;
        if (RobustDeviation.Of(Gaps, gap) > RobustDeviation.Threshold)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"came {TimeSpan.FromSeconds(gap):c} after the batch before, where {TimeSpan.FromSeconds(RobustDeviation.Median(Gaps)):c} was usual (median of {Gaps.Count})");
        }
    }

    /// <summary>Reads a row of the query.</summary>
    public static PastBatches Read(IReadOnlyList<object?> row) => new()
    {
        Table = (string)(row[0] ?? ""),
        Kind = (string)(row[1] ?? ""),
        LastUtc = row[2] is DateTimeOffset last ? last : default,
        Rows = Numbers(row[3]),
        Gaps = Numbers(row[4]),
        Missing = row[5] is IEnumerable<object?> columns
            ? columns.OfType<IReadOnlyDictionary<string, object?>>().ToDictionary(c => (string)(c["c"] ?? ""), c => Numbers(c["shares"]), StringComparer.Ordinal)
            : new Dictionary<string, IReadOnlyList<double>>(),
    };

    private static bool IsUnusual(IReadOnlyList<double> history, double value) => RobustDeviation.Of(history, value) is { } score && Math.Abs(score) > RobustDeviation.Threshold;

    private static IReadOnlyList<double> Numbers(object? list) => list is IEnumerable<object?> values ? [.. values.OfType<double>()] : [];
}
