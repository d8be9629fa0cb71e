using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Does one part of a clean step that is too large for one activity: cleans files of bronze, or brings files of silver to where new rows of their keys are. It commits
/// nothing.</summary>
internal sealed class PartCleaner(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer, RowScoring scoring)
{
    /// <summary>Does a part.</summary>
    /// <param name="declared">The source as the definition has it.</param>
    /// <param name="work">The step with its split and its part; for a part of silver, the parts of bronze that are done.</param>
    /// <param name="split">How the step was cut.</param>
    /// <param name="invocation">This attempt; names what it writes.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="Lakehouse.TerminalException">A rule that fails the step was broken.</exception>
    public async Task<LandedPart> CleanAsync(SourceDefinition declared, StepWork work, SplitStep split, string invocation, CancellationToken cancellationToken)
    {
        var folder = new RunFolder(tables.Lake, work.RunId);
        var plan = await folder.ReadAsync<CleanSplit>(RunFolder.SplitName(work.Table, split.Invocation), cancellationToken);
        var step = await CleanTables.ReadAsync(tables, work, cancellationToken);
        var source = CleanSql.WithDetected(declared, StepState.Of(step.Bronze, step.BronzeKey)?.Columns ?? []);
        using var session = engine.OpenSession();
        var scope = plan.Backfill is { } backfill ? new BackfillScope(session, source, backfill.Range) : null;
        using var keys = plan.Backfill is null ? null : await plan.Backfill.OpenKeysAsync(session, reader, source, folder.Keys(work.Table), cancellationToken);
        var cleaned = work.Part < plan.Parts.Count ? await CleanBronzeAsync(session, source, work, plan, scope, step, folder, invocation, cancellationToken)
            : scope is not null ? await KeepSilverAsync(session, source, work, plan, scope, folder, step, invocation, cancellationToken)
            : await BringSilverAsync(session, source, work, plan, folder, step, invocation, cancellationToken);
        var part = new LandedPart(work.Part, invocation);
        await folder.WriteAsync(RunFolder.ManifestName(work.Table, part), cleaned, cancellationToken);
        return part;
    }

    private async Task<CleanedPart> CleanBronzeAsync(
        DuckDbSession session, SourceDefinition source, StepWork work, CleanSplit plan, BackfillScope? scope, CleanTables step, RunFolder folder, string invocation, CancellationToken cancellationToken)
    {
        using var rows = await CheckedRows.OpenAsync(tables, session, reader, source, step.Bronze with { Files = plan.Parts[work.Part] }, work, cancellationToken);
        await UniqueValues.TakeAsync(session, reader, source, plan.Unique, folder.Unique(work.Table), cancellationToken);
        var judged = scope?.Judge(rows, cancellationToken) ?? 0;
        var measured = rows.Measure(cancellationToken);
        var scored = scoring.Score(rows, await scoring.FindAsync(work.Pipeline, plan.Models, cancellationToken), hasLosers: false, cancellationToken);
        var valid = rows.Sql.Silver(hasLosers: false);
        var keys = plan.Present.Count > 0 && scope is null ? KeyFilter.Of(session, source.Key, $"({CleanSql.AsStored(session, valid)})", cancellationToken) : null;
        return new CleanedPart
        {
            Judged = judged,
            JudgedRejected = scope is null ? [] : await NameRejectedAsync(session, step, plan, folder.Judged(work.Table), invocation, cancellationToken),
            Measured = measured,
            Scored = plan.Buckets == 0 ? scored : [],
            Valid = plan.Buckets == 0
                ? await writer.WriteAsync(session, valid, step.SilverTable.Root, source.Partition?.As ?? [], invocation, cancellationToken)
                : await writer.WriteAsync(session, Bucket.Rows(session, source, valid, present: false, plan.Buckets), folder.Rows(work.Table), [Bucket.Column], invocation, cancellationToken),
            Refused = await writer.WriteAsync(session, rows.Rejected(work), step.RejectedTable.Root, [], invocation, cancellationToken),
            Keys = keys,
        };
    }

    private async Task<IReadOnlyList<AddFile>> NameRejectedAsync(DuckDbSession session, CleanTables step, CleanSplit plan, LakePath judged, string invocation, CancellationToken cancellationToken)
    {
        if (plan.RejectedVersion is null || await step.RejectedTable.ReadAsync(plan.RejectedVersion, cancellationToken) is not { Files.Count: > 0 } rejected)
        {
            return [];
        }

        using var lease = await reader.CreateViewAsync(session, "present", "rejected", rejected, step.RejectedTable.Root, cancellationToken);
        return await writer.WriteAsync(session, $"select distinct file, row from present.rejected semi join ({BackfillScope.Judged}) using (file, row)", judged, [], invocation, cancellationToken);
    }

    // Rows of silver that are not judged anew, of files that hold others which are.
    private async Task<CleanedPart> KeepSilverAsync(
        DuckDbSession session, SourceDefinition source, StepWork work, CleanSplit plan, BackfillScope scope, RunFolder folder, CleanTables step, string invocation, CancellationToken cancellationToken)
    {
        var silver = await step.SilverTable.ReadAsync(plan.SilverVersion, cancellationToken) ?? throw CleanCloser.Deleted(work.Table);
        var files = silver with { Files = plan.Present[work.Part - plan.Parts.Count] };
        var within = files.Files.Where(f => BackfillScope.IsWithin(plan.Backfill?.Range ?? throw new InvalidOperationException(), silver.PartitionColumns, f)).ToList();
        var touched = await scope.TouchedAsync(reader, files, step.SilverTable.Root, cancellationToken);
        if (touched.Count == 0)
        {
            return new CleanedPart { Valid = [], Taken = within };
        }

        using var lease = await reader.CreateViewAsync(session, "present", "touched", files with { Files = touched }, step.SilverTable.Root, cancellationToken);
        var others = scope.Others("present.touched");
        return new CleanedPart
        {
            Taken = [.. within, .. touched],
            Valid = plan.Buckets == 0
                ? await writer.WriteAsync(session, others, step.SilverTable.Root, source.Partition?.As ?? [], invocation, cancellationToken)
                : await writer.WriteAsync(session, Bucket.Rows(session, source, others, present: true, plan.Buckets), folder.Rows(work.Table), [Bucket.Column], invocation, cancellationToken),
        };
    }

    private async Task<CleanedPart> BringSilverAsync(
        DuckDbSession session, SourceDefinition source, StepWork work, CleanSplit plan, RunFolder folder, CleanTables step, string invocation, CancellationToken cancellationToken)
    {
        var silver = await step.SilverTable.ReadAsync(plan.SilverVersion, cancellationToken) ?? throw CleanCloser.Deleted(work.Table);
        var files = silver with { Files = plan.Present[work.Part - plan.Parts.Count] };
        var met = new HashSet<AddFile>();
        foreach (var part in work.Landed)
        {
            var keys = (await folder.ReadAsync<CleanedPart>(RunFolder.ManifestName(work.Table, part), cancellationToken)).Keys;
            met.UnionWith(keys?.Among(source.Key, files) ?? files.Files);
        }

        files = files with { Files = [.. files.Files.Where(met.Contains)] };
        if (files.Files.Count == 0)
        {
            return new CleanedPart { Valid = [] };
        }

        using var lease = await reader.CreateViewAsync(session, "present", "silver", files, step.SilverTable.Root, cancellationToken);
        var columns = string.Join(", ", session.Describe(CleanSql.EmptySilver(source)).Select(c => Sql.Identifier(c.Name)));
        var rows = Bucket.Rows(session, source, $"select {columns} from present.silver", present: true, plan.Buckets);
        return new CleanedPart { Valid = await writer.WriteAsync(session, rows, folder.Rows(work.Table), [Bucket.Column], invocation, cancellationToken), Taken = files.Files };
    }
}
