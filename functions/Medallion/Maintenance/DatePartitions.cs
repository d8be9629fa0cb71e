using System.Globalization;

namespace Pipeline.Medallion.Maintenance;

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
            [var year] => new DateOnly(year + 1, 1, 1),
            [var year, var month] => new DateOnly(year, month, 1).AddMonths(1),
            [var year, var month, var day] when day <= DateTime.DaysInMonth(year, month) => new DateOnly(year, month, day).AddDays(1),
            _ => null,
        };
    }
}
