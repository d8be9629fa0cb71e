using System.Globalization;

namespace Pipeline.Medallion.Definitions;

/// <summary>Partitions by parts of a date: year, month, day.</summary>
internal static class DatePartitions
{
    private static readonly string[] Parts = ["year", "month", "day"];

    /// <summary>Whether the columns are [year], [year, month] or [year, month, day]: only then is a partition a span of days.</summary>
    public static bool IsOrdered(IReadOnlyList<string> columns) => columns.Count > 0 && columns.SequenceEqual(Parts.Take(columns.Count));

    /// <summary>The first day after a partition; null where a part of it is null or no date, so that its age cannot be told.</summary>
    public static DateOnly? EndOf(IReadOnlyList<string> columns, IReadOnlyDictionary<string, string?> values)
    {
        var numbers = columns.Select(c => int.TryParse(values.GetValueOrDefault(c), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToList();
        if (!IsOrdered(columns) || numbers[0] is < 1 or > 9998 || numbers.ElementAtOrDefault(1) is > 12 || numbers.Contains(0))
        {
            return null;
        }

        return numbers switch
        {
            [var year] => Next(columns, new DateOnly(year, 1, 1)),
            [var year, var month] => Next(columns, new DateOnly(year, month, 1)),
            [var year, var month, var day] when day <= DateTime.DaysInMonth(year, month) => Next(columns, new DateOnly(year, month, day)),
            _ => null,
        };
    }

    /// <summary>The first day of the partition that a day lies in.</summary>
    public static DateOnly StartOf(IReadOnlyList<string> columns, DateOnly day) => new(day.Year, columns.Count > 1 ? day.Month : 1, columns.Count > 2 ? day.Day : 1);

    /// <summary>The first day of the partition after the one that begins on a day of at most the year 9998.</summary>
    public static DateOnly Next(IReadOnlyList<string> columns, DateOnly start) => columns.Count switch { 1 => start.AddYears(1), 2 => start.AddMonths(1), _ => start.AddDays(1) };
}
