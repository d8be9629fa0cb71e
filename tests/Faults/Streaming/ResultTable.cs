using System.Globalization;

namespace Pipeline.Faults.Streaming;

/// <summary>The fault table, in Markdown.</summary>
internal static class ResultTable
{
    public static IEnumerable<string> Lines(IEnumerable<KindResult> results)
    {
        yield return "| kind | events | faults | lost | duplicated | dropped by the broker | windows, different | recovery p50 | p99 |";
        yield return "|---|---:|---:|---:|---:|---:|---:|---:|---:|";
        foreach (var r in results)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"| {r.Description} | {r.Events:n0} | {r.Faults:n0} | {r.Verdict.Lost} | {r.Verdict.Duplicated} | {r.Verdict.Dropped} | {r.Verdict.Windows}, {r.Verdict.Differences} | {r.Recovery(0.5):F2} s | {r.Recovery(0.99):F2} s |");
        }
    }
}
