using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Makes a source's silver and rejected tables from its bronze table: types, checks, one row per key. As a rule it reads only what it has not seen.</summary>
/// <remarks>Several passes over the raw rows instead of one with a window over all of them: memory stays bounded, whatever the number of rows.</remarks>
internal sealed class SourceCleaner(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer, RowScoring scoring, CleanLimits limits)
{
    /// <summary>Cleans a source, or tells how it is to be cut if that is too much for one activity.</summary>
    /// <param name="declared">The source as the definition has it.</param>
    /// <param name="work">The step, with the version of bronze to read.</param>
    /// <param name="definition">Hash of the step's definition.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TerminalException">A rule that fails the step was broken, or the books do not balance.</exception>
    public async Task<StepOutcome> CleanAsync(SourceDefinition declared, StepWork work, string definition, string invocation, CancellationToken cancellationToken)
    {
        var step = await CleanTables.ReadAsync(tables, work, cancellationToken);
        if (await step.Inputs.IsDoneAsync(tables, step.Silver, work, definition, cancellationToken) is { } status && step is { Silver: { } silver, Rejected: { } rejected })
        {
            return StepOutcome.Done(work, status, StepState.Of(silver, work.Table), (work.Table, silver.Version), (step.RejectedKey, rejected.Version));
        }

        if (IsAhead(declared, step, work, definition) && step is { Silver: { } ahead, Rejected: { } beside })
        {
            return StepOutcome.Of(work.Table, StepStatus.Unchanged, null, (work.Table, ahead.Version), (step.RejectedKey, beside.Version));
        }

        var source = CleanSql.WithDetected(declared, StepState.Of(step.Bronze, step.BronzeKey)?.Columns ?? []);
        if (source.Columns.Count == 0)
        {
            throw new TerminalException($"Source '{source.Name}' has no columns: none are declared, and nothing that came from {source.Arrival} has any. Declare 'columns:', or see that something is there.");
        }

        using var session = work.IsStream ? engine.OpenSmallSession() : engine.OpenSession();
        var scope = await CleanScope.ReadAsync(step, session, source, work.Rebuild, definition, cancellationToken);
        IReadOnlyList<AddFile> present = scope.Incremental && source.Key.Count > 0 ? step.Silver?.Files ?? [] : [];
        if (scope.Bronze.Bytes > limits.SingleBytes)
        {
            return await SplitAsync(CleanSplit.Of(scope, step, present, source.Key.Count > 0, limits));
        }

        using var rows = await CheckedRows.OpenAsync(tables, session, reader, source, scope.Bronze, work, cancellationToken);
        await UniqueValues.FindAsync(session, reader, source, scope.Incremental ? step.Silver : null, step.SilverTable.Root, (c, _) => UniqueValues.Candidates(source, c), cancellationToken);
        var measured = rows.Measure(cancellationToken);
        var (superseded, duplicate) = rows.FindLosers(cancellationToken);
        using var merge = present.Count > 0 && step.Silver is { } silverNow
            ? await SilverMerge.CompareAsync(rows, superseded + duplicate > 0, silverNow, step.SilverTable.Root, reader, limits.SingleBytes - scope.Bronze.Bytes, cancellationToken)
            : null;
        if (merge?.TooLarge is { } met)
        {
            return await SplitAsync(CleanSplit.Of(scope, step, met, hasKey: true, limits));
        }

        if (await QualityGate.PassAsync(tables, step, source, rows.Sql.Checks, measured, scope.Incremental ? BatchKind.Increment : BatchKind.Whole, work, cancellationToken) is { } stopped)
        {
            return stopped;
        }

        var scored = scoring.Score(rows, await scoring.FindAsync(work.Pipeline, source, cancellationToken), superseded + duplicate + (merge?.Superseded ?? 0) + (merge?.Duplicate ?? 0) > 0, cancellationToken);
        var select = merge?.Select ?? rows.Sql.Silver(superseded + duplicate > 0);
        var deleted = DeletedRows.Count(session, source, select, cancellationToken);
        var added = await writer.WriteAsync(session, DeletedRows.Without(source, select), step.SilverTable.Root, source.Partition?.As ?? [], invocation, cancellationToken);
        var refused = await writer.WriteAsync(session, rows.Rejected(work), step.RejectedTable.Root, [], invocation, cancellationToken);
        var commit = new CleanCommit
        {
            Incremental = scope.Incremental,
            Note = scope.Note(step.BronzeKey),
            Add = added,
            Remove = [.. merge?.Replaced.Select(f => f.Path) ?? []],
            RestsOnSilver = source.Key.Count > 0 || UniqueValues.Of(source).Any(),
            Refused = [.. refused, .. scope.Undo?.Again ?? []],
            RefusedRemove = scope.Undo?.Remove ?? [],
            SilverVersion = step.Silver?.Version,
            RejectedVersion = step.Rejected?.Version,
            Scored = scored,
            Rows = new RowBooks
            {
                In = scope.Bronze.Rows,
                Inserted = added.Sum(a => a.Statistics?.Rows ?? 0) - (merge?.KeptRows ?? 0) - (merge?.Updated ?? 0),
                Updated = merge?.Updated ?? 0,
                Superseded = superseded + (merge?.Superseded ?? 0),
                Duplicate = duplicate + (merge?.Duplicate ?? 0),
                Deleted = deleted,
                Rejected = refused.Sum(a => a.Statistics?.Rows ?? 0),
                Warned = measured.Partitions.Sum(p => p.Warned),
            },
        };
        return await commit.CommitAsync(step, source, session, work, definition, cancellationToken);

        async Task<StepOutcome> SplitAsync(CleanSplit cut)
        {
            cut = cut with { Models = (await scoring.FindAsync(work.Pipeline, source, cancellationToken)).ToDictionary(m => m.Name, m => m.Version) };
            var split = await new UniqueSplitter(tables, engine, reader, writer).FindAsync(source, step, cut, scope.Incremental ? step.Silver : null, work, invocation, cancellationToken);
            await new RunFolder(tables.Lake, work.RunId).WriteAsync(RunFolder.SplitName(work.Table, invocation), split, cancellationToken);
            return new StepOutcome { Result = new StepResult { Table = work.Table, Status = StepStatus.Running, Split = split.Announce(invocation) } };
        }
    }

    // Between the plan of a run and this step, a stream may have cleaned more than the run was to.
    private static bool IsAhead(SourceDefinition source, CleanTables step, StepWork work, string definition) =>
        source.Stream is not null && work is { Rebuild: false, IsStream: false }
        && StepState.Of(step.Silver, work.Table) is { } state && state.Definition == definition
        && state.Inputs.TryGetValue(step.BronzeKey.ToString(), out var text) && TableVersion.Parse(text) is var read
        && read.TableId == step.Bronze.TableId && read.Version >= step.Bronze.Version;
}
