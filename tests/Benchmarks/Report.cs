using System.Globalization;

namespace Pipeline.Benchmarks;

/// <summary>Lines of a report.</summary>
internal static class Report
{
    public static void Say(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    public static TimeSpan Median(IEnumerable<TimeSpan> times)
    {
        var ordered = times.Order().ToList();
        return ordered[ordered.Count / 2];
    }
}
