using System.Globalization;

namespace Pipeline.Medallion.Runs;

/// <summary>Days from one to another, both included, between the years 1 and 9998.</summary>
public sealed record DateRange(DateOnly From, DateOnly To)
{
    private const int LastYear = 9998;
    private static readonly (string Format, Func<DateOnly, DateOnly> Next)[] Spans = [("yyyy-MM-dd", day => day.AddDays(1)), ("yyyy-MM", day => day.AddMonths(1)), ("yyyy", day => day.AddYears(1))];

    /// <summary>Reads a range whose ends are days (<c>2013-01-31</c>), months (<c>2013-01</c>) or years (<c>2013</c>): it goes from the first day of the one to the last day of the other.</summary>
    /// <exception cref="FormatException">An end is none of that, or the range ends before it begins.</exception>
    public static DateRange Parse(string? from, string? to)
    {
        var range = new DateRange(Read("from", from).First, Read("to", to).Last);
        return range.From <= range.To ? range : throw new FormatException($"The range from {from} to {to} ends before it begins.");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{From:yyyy-MM-dd} to {To:yyyy-MM-dd}");

    private static (DateOnly First, DateOnly Last) Read(string name, string? text)
    {
        foreach (var (format, next) in Spans)
        {
            if (DateOnly.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var first) && first.Year <= LastYear)
            {
                return (first, next(first).AddDays(-1));
            }
        }

        throw new FormatException($"'{name}' is '{text}': expected a day, a month or a year, such as 2013-01-31, 2013-01 or 2013.");
    }
}
