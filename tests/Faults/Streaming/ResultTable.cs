using System.Globalization;

namespace Pipeline.Faults.Streaming;

/// <summary>The fault table, in Markdown.</summary>
internal static class ResultTable
{
    public static IEnumerable<string> Lines(IReadOnlyList<KindResult> results)
    {
        yield return "| kind | events | faults | lost | duplicated | dropped by the broker | windows, different | recovery p50 | p99 |";
        yield return "|---|---:|---:|---:|---:|---:|---:|---:|---:|";
        foreach (var r in results)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"| {r.Description} | {r.Events:n0} | {r.Faults:n0} | {r.Verdict.Lost} | {r.Verdict.Duplicated} | {r.Verdict.Dropped} | {r.Verdict.Windows}, {r.Verdict.Differences} | {r.Recovery(0.5):F2} s | {r.Recovery(0.99):F2} s |");
        }

        yield return "";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{results.Sum(r => (long)r.Events):n0} events, {results.Sum(r => (long)r.Faults):n0} faults. At most {results.Select(r => r.MostUnreadBytes).DefaultIfEmpty().Max() / 1024:n0} KiB of a partition were unread; the broker keeps 5 MiB.");
    }
}
