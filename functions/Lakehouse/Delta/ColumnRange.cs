using System.Numerics;
using System.Text.Json;

namespace Pipeline.Lakehouse.Delta;

/// <summary>What is certain of a column's values in one file. A bound that is null is not known.</summary>
internal sealed record ColumnRange
{
    // A double's digits: some writers pass decimals through one.
    private const int ExactDigits = 15;

    // Bounds may be cut to milliseconds; which way a writer cuts before 1970 is its own affair.
    private const long CutMicroseconds = 999;

    private static readonly ColumnRange Unknown = new();

    public IComparable? Low { get; private init; }

    public IComparable? High { get; private init; }

    public bool MayHoldNull { get; private init; } = true;

    public bool MayHoldValue { get; private init; } = true;

    /// <summary>Writers differ in whether NaN counts for a bound.</summary>
    public bool MayHoldNaN { get; private init; }

    public static ColumnRange Of(AddFile file, string column, PrimitiveType type, IReadOnlyList<string> partitionColumns)
    {
        if (partitionColumns.Contains(column))
        {
            return OfPartition(type, file.PartitionValues.GetValueOrDefault(column));
        }

        if (file.Statistics is null)
        {
            return Unknown;
        }

        try
        {
            using var statistics = JsonDocument.Parse(file.Statistics.Json);
            return OfStatistics(statistics.RootElement, column, type);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            // Statistics only save reading: those that are no statistics are as none.
            return Unknown;
        }
    }

    private static ColumnRange OfPartition(PrimitiveType type, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return new ColumnRange { MayHoldValue = false };
        }

        var value = ColumnValue.Parse(type, text);
        return new ColumnRange { Low = value, High = value, MayHoldNull = false, MayHoldNaN = type.Name is "float" or "double" && value is null };
    }

    private static ColumnRange OfStatistics(JsonElement statistics, string column, PrimitiveType type)
    {
        var nulls = Find(statistics, "nullCount", column)?.GetInt64();
        long? rows = statistics.TryGetProperty("numRecords", out var number) ? number.GetInt64() : null;
        return new ColumnRange
        {
            Low = Text(Find(statistics, "minValues", column)) is { } low ? Bound(type, low, below: true) : null,
            High = Text(Find(statistics, "maxValues", column)) is { } high ? Bound(type, high, below: false) : null,
            MayHoldNull = nulls != 0,
            MayHoldValue = nulls is null || rows is null || nulls < rows,
            MayHoldNaN = type.Name is "float" or "double",
        };
    }

    private static JsonElement? Find(JsonElement statistics, string kind, string column) =>
        statistics.TryGetProperty(kind, out var values) && values.ValueKind == JsonValueKind.Object && values.TryGetProperty(column, out var value)
            && value.ValueKind is JsonValueKind.Number or JsonValueKind.String or JsonValueKind.True or JsonValueKind.False
                ? value
                : null;

    private static string? Text(JsonElement? value) => value is not { } known ? null : known.ValueKind == JsonValueKind.String ? known.GetString() : known.GetRawText();

    private static IComparable? Bound(PrimitiveType type, string text, bool below) => type.Name switch
    {
        "string" => below ? new TextBound(text, isPrefix: false) : HighText(text),
        "timestamp" => ColumnValue.Microseconds(text, zoned: true) + (below ? -CutMicroseconds : CutMicroseconds),
        _ when DeltaTypes.IsDecimal(type, out var precision, out var scale) => ColumnValue.Decimal(text) is { } exact ? DecimalBound(exact, precision, scale, below) : null,
        _ => ColumnValue.Parse(type, text),
    };

    // A cut bound ends in a character meant to be above all others. Of those in use some are not: what such a bound says is its prefix.
    private static TextBound HighText(string text)
    {
        var prefix = text.TrimEnd('\uFFFD', '\uFFFE', '\uFFFF', '\uDBFF', '\uDFFF');
        while (prefix.Length > 0 && char.IsHighSurrogate(prefix[^1]))
        {
            prefix = prefix[..^1];
        }

        return new TextBound(prefix, isPrefix: prefix.Length < text.Length);
    }

    private static BigInteger DecimalBound((BigInteger Unscaled, int Scale) exact, int precision, int scale, bool below)
    {
        var shift = scale - exact.Scale;
        var bound = shift >= 0 ? exact.Unscaled * BigInteger.Pow(10, shift) : exact.Unscaled / BigInteger.Pow(10, -shift);
        var slack = (shift < 0 ? 1 : 0) + (precision > ExactDigits ? (BigInteger.Abs(bound) / BigInteger.Pow(10, ExactDigits)) + 1 : 0);
        return below ? bound - slack : bound + slack;
    }
}
