using System.Globalization;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Cuts the values between two bounds into ranges of the same width.</summary>
internal static class SplitRanges
{
    /// <summary>The first values of the ranges after the first.</summary>
    /// <param name="low">The least value, as the database writes it.</param>
    /// <param name="high">The greatest.</param>
    /// <param name="parts">How many ranges there are to be; fewer where there are not so many values.</param>
    /// <param name="isTime">Whether they are dates or times.</param>
    public static IReadOnlyList<string> Cut(string low, string high, int parts, bool isTime) => Number(low, isTime) is not { } from || Number(high, isTime) is not { } to
        ? []
        : [.. Enumerable.Range(1, Math.Max(0, parts - 1)).Select(part => decimal.Floor(from + ((to - from) / parts * part))).Where(cut => cut > from && cut <= to).Distinct().Select(cut => Text(cut, isTime))];

    // Null where it is more than is computed with: then nothing is cut.
    private static decimal? Number(string text, bool isTime) =>
        isTime ? DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.UtcTicks / TimeSpan.TicksPerDay : null
        : decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    // Times are cut at midnight: that compares with dates too.
    private static string Text(decimal cut, bool isTime) => isTime
        ? new DateTime((long)cut * TimeSpan.TicksPerDay, DateTimeKind.Utc).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
        : cut.ToString(CultureInfo.InvariantCulture);
}
