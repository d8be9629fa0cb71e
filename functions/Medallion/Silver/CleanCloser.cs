using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Closes a clean step that was cut: checks that every row of every part is accounted for, and commits.</summary>
internal sealed class CleanCloser(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer)
{
    /// <summary>Commits what parts and buckets wrote.</summary>
    /// <param name="declared">The source as the definition has it.</param>
    /// <param name="work">The step with its split, its parts and its buckets.</param>
    /// <param name="split">How the step was cut.</param>
    /// <param name="definition">Hash of the step's definition.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TransientException">Silver was changed since the step was cut, so that the parts are void: the step is to be cut anew.</exception>
    /// <exception cref="TerminalException">The books do not balance.</exception>
    public async Task<StepOutcome> CommitAsync(SourceDefinition declared, StepWork work, SplitStep split, string definition, string invocation, CancellationToken cancellationToken)
    {
        var step = await CleanTables.ReadAsync(tables, work, cancellationToken);
        if (await step.Inputs.IsDoneAsync(tables, step.Silver, work, definition, cancellationToken) is { } status && step is { Silver: { } silver, Rejected: { } rejected })
        {
            return StepOutcome.Done(work, status, StepState.Of(silver, work.Table), (work.Table, silver.Version), (step.RejectedKey, rejected.Version));
        }

        var folder = new RunFolder(tables.Lake, work.RunId);
        var plan = await folder.ReadAsync<CleanSplit>(RunFolder.SplitName(work.Table, split.Invocation), cancellationToken);
        var parts = await ReadAsync<CleanedPart>(folder, work, work.Landed, cancellationToken);
        var buckets = await ReadAsync<CleanedBucket>(folder, work, work.Buckets, cancellationToken);
        var valid = parts.Where(p => p.Taken.Count == 0).SelectMany(p => p.Valid).Sum(f => f.Statistics?.Rows ?? 0);
        var brought = parts.Where(p => p.Taken.Count > 0).SelectMany(p => p.Valid).Sum(f => f.Statistics?.Rows ?? 0);
        var taken = parts.SelectMany(p => p.Taken).ToList();
        if (plan.Buckets > 0 && (buckets.Sum(b => b.Rows.In) != valid || buckets.Sum(b => b.Present) != brought || (plan.Backfill is null && taken.TrueForAll(f => f.Statistics?.Rows is not null) && taken.Sum(f => f.Statistics?.Rows) != brought)))
        {
            throw new TerminalException(
                $"The parts of {work.Table} gave {valid} new and {brought} of {taken.Sum(f => f.Statistics?.Rows)} present rows to its buckets, which found {buckets.Sum(b => b.Rows.In)} and {buckets.Sum(b => b.Present)}. Nothing was committed.");
        }

        var source = CleanSql.WithDetected(declared, StepState.Of(step.Bronze, step.BronzeKey)?.Columns ?? []);
        var measured = MeasuredBatch.Sum([.. parts.Select(p => p.Measured)]);
        if (await QualityGate.PassAsync(tables, step, source, new SourceChecks(source), measured, plan.Backfill is not null ? BatchKind.Backfill : plan.Incremental ? BatchKind.Increment : BatchKind.Whole, work, cancellationToken) is { } stopped)
        {
            return stopped;
        }

        using var session = engine.OpenSession();
        var refused = parts.SelectMany(p => p.Refused).ToList();
        var rows = plan.Parts.SelectMany(p => p).Sum(f => f.Statistics?.Rows ?? 0);
        var judged = plan.Backfill is null ? rows : parts.Sum(p => p.Judged);
        var rewrite = plan.Backfill is null ? null : await RewriteAsync(session, parts, folder, step, plan, invocation, work, cancellationToken);
        var commit = new CleanCommit
        {
            Incremental = plan.Incremental,
            Note = plan.Backfill is { } backfill ? SourceBackfiller.NoteOf(backfill.Range, judged, step) : plan.Note,
            Add = plan.Buckets > 0 ? [.. buckets.SelectMany(b => b.Add)] : [.. parts.SelectMany(p => p.Valid)],
            Remove = [.. taken.Select(f => f.Path)],
            RestsOnSilver = source.Key.Count > 0 || plan.Backfill is not null || UniqueValues.Of(source).Any(),
            Refused = [.. refused, .. rewrite?.Kept ?? []],
            RefusedRemove = [.. rewrite?.Removed.Select(f => f.Path) ?? []],
            SilverVersion = plan.SilverVersion,
            RejectedVersion = plan.RejectedVersion,
            Scored = ScoredRows.Sum(parts.Select(p => p.Scored).Concat(buckets.Select(b => b.Scored))),
            Rows = new RowBooks
            {
                In = rows,
                Inserted = plan.Buckets > 0 ? buckets.Sum(b => b.Rows.Inserted) : valid,
                Updated = buckets.Sum(b => b.Rows.Updated),
                Superseded = buckets.Sum(b => b.Rows.Superseded),
                Duplicate = buckets.Sum(b => b.Rows.Duplicate),
                Deleted = buckets.Sum(b => b.Rows.Deleted),
                Rejected = refused.Sum(f => f.Statistics?.Rows ?? 0),
                Warned = measured.Partitions.Sum(p => p.Warned),
                Untouched = rows - judged,
            },
        };
        return await commit.CommitAsync(step, source, session, work, definition, cancellationToken);
    }

    private async Task<RejectedRewrite> RewriteAsync(
        DuckDbSession session, IReadOnlyList<CleanedPart> parts, RunFolder folder, CleanTables step, CleanSplit plan, string invocation, StepWork work, CancellationToken cancellationToken)
    {
        var judged = Bucket.Snapshot(session, $"select file, row from ({CleanSql.EmptyRejected})", [], [.. parts.SelectMany(p => p.JudgedRejected)]);
        using var lease = await reader.CreateViewAsync(session, "backfill", "judged", judged, folder.Judged(work.Table), cancellationToken);
        var rejected = plan.RejectedVersion is null ? null : await step.RejectedTable.ReadAsync(plan.RejectedVersion, cancellationToken);
        return await RejectedRewrite.WriteAsync(session, reader, writer, rejected, step.RejectedTable.Root, "select file, row from backfill.judged", invocation, cancellationToken);
    }

    internal static TerminalException Deleted(TableKey table) => new($"{table} was deleted while the run was going on. Start a new run.");

    private static async Task<IReadOnlyList<T>> ReadAsync<T>(RunFolder folder, StepWork work, IReadOnlyList<LandedPart> parts, CancellationToken cancellationToken)
    {
        var found = new List<T>();
        foreach (var part in parts)
        {
            found.Add(await folder.ReadAsync<T>(RunFolder.ManifestName(work.Table, part), cancellationToken));
        }

        return found;
    }
}
