using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Quality.Profiling;

/// <summary>Something that a text can be.</summary>
/// <param name="Name">Its name in a profile.</param>
/// <param name="Fits">SQL that is true where <c>{0}</c>, a text without blanks around it, is one.</param>
internal sealed record ValueKind(string Name, string Fits)
{
    public const string Email = @"[^@\s]+@[^@\s]+\.[^@\s]+";
    public const string Uuid = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

    // As for detected columns: a number with a leading zero is a code, not a number.
    private const string DecimalText = @"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,18})?";
    private const string DoubleText = @"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?";

    public static ValueKind Integer { get; } = new("integer", $"regexp_full_match({{0}}, '-?(0|[1-9][0-9]{{{{0,18}}}})') and try_cast({{0}} as bigint) is not null");

    public static ValueKind Decimal { get; } = new("decimal", $"regexp_full_match({{0}}, {Format(DecimalText)})");

    public static ValueKind Number { get; } = new("number", $"regexp_full_match({{0}}, {Format(DoubleText)}) and isfinite(try_cast({{0}} as double))");

    public static ValueKind Boolean { get; } = new("boolean", "lower({0}) in ('true', 'false')");

    public static ValueKind Date { get; } = new("date", "regexp_full_match({0}, '[0-9]{{4}}-[0-9][0-9]-[0-9][0-9]') and try_cast({0} as date) is not null");

    public static ValueKind Timestamp { get; } = new("timestamp", "regexp_matches({0}, '^[0-9]{{4}}-[0-9][0-9]-[0-9][0-9][ T]') and try_cast({0} as timestamptz) is not null");

    public static ValueKind EmailAddress { get; } = new("email", $"regexp_full_match({{0}}, {Format(Email)})");

    public static ValueKind UuidText { get; } = new("uuid", $"regexp_full_match({{0}}, {Format(Uuid)})");

    /// <summary>In the order in which they are tried: the narrowest first.</summary>
    public static IReadOnlyList<ValueKind> All { get; } = [Integer, Decimal, Number, Boolean, Date, Timestamp, EmailAddress, UuidText];

    /// <summary>SQL that is true where a text is one.</summary>
    public string Of(string text) => string.Format(System.Globalization.CultureInfo.InvariantCulture, Fits, text);

    // A literal that survives string.Format.
    private static string Format(string pattern) => Sql.Literal(pattern).Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
}
