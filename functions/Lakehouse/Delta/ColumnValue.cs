using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Values of a column in a form that compares as the engine compares them.</summary>
internal static partial class ColumnValue
{
    // Engines of another calendar wrote other days under the same names before this one.
    private static readonly DateOnly Gregorian = new(1582, 10, 15);

    /// <summary>A value from its text, as DuckDB casts it; null where it is not certain what the cast would give.</summary>
    public static IComparable? Parse(PrimitiveType type, string text) => type.Name switch
    {
        "byte" or "short" or "integer" or "long" => Whole().IsMatch(text) ? BigInteger.Parse(text, CultureInfo.InvariantCulture) : null,
        "float" => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && float.IsFinite(number) ? (double)number : null,
        "double" => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null,
        "string" => new TextBound(text, isPrefix: false),
        "boolean" => text switch
        {
            "true" => true,
            "false" => false,
            _ => null,
        },
        "date" => Date(text) is { } date ? date.DayNumber : null,
        "timestamp" => Microseconds(text, zoned: false),
        _ when DeltaTypes.IsDecimal(type, out _, out var scale) => Decimal(text) is { } exact && exact.Scale <= scale ? exact.Unscaled * BigInteger.Pow(10, scale - exact.Scale) : null,
        _ => null,
    };

    public static DateOnly? Date(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date >= Gregorian ? date : null;

    /// <summary>Microseconds since the year 1.</summary>
    /// <param name="text">Date, time and zone; without a zone it is UTC.</param>
    /// <param name="zoned">True: a text without a zone is not understood.</param>
    public static long? Microseconds(string text, bool zoned)
    {
        if (Timestamp().Match(text) is not { Success: true } match || (zoned && !match.Groups["zone"].Success) || Date(match.Groups["date"].Value) is null)
        {
            return null;
        }

        var zone = match.Groups["zone"].Value is { Length: > 0 } given and not "Z" ? given.Length == 3 ? $"{given}:00" : given : "+00:00";
        return DateTimeOffset.TryParseExact(
            $"{match.Groups["date"].Value}T{match.Groups["time"].Value}.{match.Groups["fraction"].Value.PadRight(6, '0')}{zone}",
            "yyyy-MM-ddTHH:mm:ss.ffffffzzz",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var time)
            ? time.UtcTicks / TimeSpan.TicksPerMicrosecond
            : null;
    }

    /// <summary>A decimal number of any length; null where the text is none.</summary>
    public static (BigInteger Unscaled, int Scale)? Decimal(string text)
    {
        if (Number().Match(text) is not { Success: true } match)
        {
            return null;
        }

        var fraction = match.Groups["fraction"].Value;
        var exponent = match.Groups["exponent"].Success ? int.Parse(match.Groups["exponent"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        var unscaled = BigInteger.Parse($"{match.Groups["whole"].Value}{fraction}", CultureInfo.InvariantCulture);
        var scale = fraction.Length - exponent;
        return scale >= 0 ? (unscaled, scale) : (unscaled * BigInteger.Pow(10, -scale), 0);
    }

    [GeneratedRegex(@"^-?\d{1,40}$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"^(?<whole>-?\d{1,60})(?:\.(?<fraction>\d{1,60}))?(?:[eE](?<exponent>[+-]?\d{1,2}))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Number();

    [GeneratedRegex(@"^(?<date>\d{4}-\d{2}-\d{2})[ T](?<time>\d{2}:\d{2}:\d{2})(?:\.(?<fraction>\d{1,6}))?(?<zone>Z|[+-]\d{2}(?::\d{2})?)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Timestamp();
}

/// <summary>Text by the bytes of its UTF-8, as DuckDB and Spark order it.</summary>
/// <param name="text">The text.</param>
/// <param name="isPrefix">True: stands above everything that begins with it.</param>
internal sealed class TextBound(string text, bool isPrefix) : IComparable
{
    private readonly byte[] bytes = Encoding.UTF8.GetBytes(text);

    public int CompareTo(object? obj) => obj switch
    {
        TextBound other when isPrefix && other.bytes.AsSpan().StartsWith(bytes) => 1,
        TextBound other => bytes.AsSpan().SequenceCompareTo(other.bytes),
        _ => 1,
    };
}
