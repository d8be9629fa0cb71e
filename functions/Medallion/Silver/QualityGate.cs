using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Stands before the commits of a clean step: judges the batch, and leaves the verdict in the run's folder, where the end of the run finds it. What streams in has no run: its verdict only decides.</summary>
internal static class QualityGate
{
    /// <summary>Judges.</summary>
    /// <returns>How the step ends if the batch is held; null: it goes on.</returns>
    /// <exception cref="TerminalException">The batch fails the step.</exception>
    public static async Task<StepOutcome?> PassAsync(
        LakeTables tables, CleanTables step, SourceDefinition source, SourceChecks checks, MeasuredBatch batch, BatchKind kind, StepWork work, CancellationToken cancellationToken)
    {
        var report = new QualityJudge(source, checks, work).Judge(batch, kind);
        if (!work.IsStream)
        {
            await new RunFolder(tables.Lake, work.RunId).WriteAsync(RunFolder.QualityName(work.Table), report, cancellationToken);
        }

        return report.Verdict switch
        {
            Verdict.Failed => throw new TerminalException(report.Reason ?? ""),
            Verdict.Held => StepOutcome.Of(work.Table, StepStatus.Held, null, Versions(step)) with { Note = report.Reason },
            _ => null,
        };
    }

    // The tables as they are: what follows is made of them, or skipped where they are not there yet.
    private static IEnumerable<(TableKey Table, long Version)> Versions(CleanTables step) =>
        step is { Silver: { } silver, Rejected: { } rejected } ? [(step.SilverKey, silver.Version), (step.RejectedKey, rejected.Version)] : [];
}
