using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Tries rejected rows again: their rows of bronze go through the rules of now. Those that pass move to silver, the others stay in rejected with their new reasons, in the
/// commits of one step, so that a row is in one of the two.</summary>
internal sealed class SourceReplayer(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer, RowScoring scoring, CleanLimits limits)
{
    /// <summary>What a replay does to a table, for messages.</summary>
    public const string Replayed = "replayed into";

    private const string Rows = "replay.rows";

    /// <summary>Does a replay.</summary>
    /// <param name="declared">The source as the definition has it.</param>
    /// <param name="work">The step, with the version of bronze that silver has seen.</param>
    /// <param name="replay">Which rows.</param>
    /// <param name="definition">Hash of the step's definition.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TerminalException">There is nothing to replay into, a fix cannot be used, or a rule that fails the step was broken.</exception>
    public async Task<StepOutcome> ReplayAsync(SourceDefinition declared, StepWork work, ReplayRequest replay, string definition, string invocation, CancellationToken cancellationToken)
    {
        var step = await CleanTables.ReadAsync(tables, work, cancellationToken);
        if (await step.Inputs.IsDoneAsync(tables, step.Silver, work, definition, cancellationToken) is { } status && step is { Silver: { } done, Rejected: { } doneRejected })
        {
            return StepOutcome.Done(work, status, StepState.Of(done, work.Table), (work.Table, done.Version), (step.RejectedKey, doneRejected.Version));
        }

        using var session = engine.OpenSession();
        var silver = SourceBackfiller.RequireKept(step, session, declared, Replayed);
        var rejected = step.Rejected ?? throw CleanCloser.Deleted(step.RejectedKey);
        var source = replay.Apply(session, CleanSql.WithDetected(declared, StepState.Of(step.Bronze, step.BronzeKey)?.Columns ?? []), [.. step.Bronze.Schema.Fields.Select(f => f.Name)]);
        var chosen = await ChooseAsync(session, step, rejected, replay, cancellationToken);
        var found = await FetchAsync(session, source, step, cancellationToken);
        if (found == 0)
        {
            return StepOutcome.Of(work.Table, StepStatus.Unchanged, new RowBooks { In = 0 }, (work.Table, silver.Version), (step.RejectedKey, rejected.Version)) with
            {
                Note = chosen == 0 ? $"No row of {step.RejectedKey} is among {replay}." : $"The {chosen} rows of {step.RejectedKey} are no longer in {step.BronzeKey}.",
            };
        }

        using var rows = await CheckedRows.OverAsync(tables, session, reader, source, work, Rows, cancellationToken);
        await UniqueValues.FindAsync(session, reader, source, silver, step.SilverTable.Root, (c, _) => UniqueValues.Candidates(source, c), cancellationToken);
        var measured = rows.Measure(cancellationToken);
        await QualityGate.PassAsync(tables, step, source, rows.Sql.Checks, measured, BatchKind.Replay, work, cancellationToken);
        var (superseded, duplicate) = rows.FindLosers(cancellationToken);
        using var merge = source.Key.Count > 0 && silver.Files.Count > 0
            ? await SilverMerge.CompareAsync(rows, superseded + duplicate > 0, silver, step.SilverTable.Root, reader, limits.SingleBytes, cancellationToken)
            : null;
        if (merge?.TooLarge is not null)
        {
            throw new TerminalException($"The rows meet more of {work.Table} than one activity reads ({limits.SingleBytes:n0} bytes). Replay fewer at a time: by 'rule', or by 'from' and 'to'. Nothing was committed.");
        }

        var scored = scoring.Score(rows, await scoring.FindAsync(work.Pipeline, source, cancellationToken), superseded + duplicate + (merge?.Superseded ?? 0) + (merge?.Duplicate ?? 0) > 0, cancellationToken);
        var select = merge?.Select ?? rows.Sql.Silver(superseded + duplicate > 0);
        var deleted = DeletedRows.Count(session, source, select, cancellationToken);
        var added = await writer.WriteAsync(session, DeletedRows.Without(source, select), step.SilverTable.Root, source.Partition?.As ?? [], invocation, cancellationToken);
        var refused = await writer.WriteAsync(session, rows.Rejected(work), step.RejectedTable.Root, [], invocation, cancellationToken);
        var rewrite = await RejectedRewrite.WriteAsync(session, reader, writer, rejected, step.RejectedTable.Root, $"select _file as file, _row as row from {Rows}", $"{invocation}k", cancellationToken);
        var left = refused.Sum(a => a.Statistics?.Rows ?? 0);
        var commit = new CleanCommit
        {
            Incremental = true,
            Note = $"Replay of {found} rows of {step.RejectedKey} ({replay}): {found - left} passed, {left} failed again.",
            Add = added,
            Remove = [.. merge?.Replaced.Select(f => f.Path) ?? []],
            RestsOnSilver = source.Key.Count > 0 || UniqueValues.Of(source).Any(),
            Refused = [.. refused, .. rewrite.Kept],
            RefusedRemove = [.. rewrite.Removed.Select(f => f.Path)],
            SilverVersion = silver.Version,
            RejectedVersion = rejected.Version,
            Scored = scored,
            Rows = new RowBooks
            {
                In = found,
                Inserted = added.Sum(a => a.Statistics?.Rows ?? 0) - (merge?.KeptRows ?? 0) - (merge?.Updated ?? 0),
                Updated = merge?.Updated ?? 0,
                Superseded = superseded + (merge?.Superseded ?? 0),
                Duplicate = duplicate + (merge?.Duplicate ?? 0),
                Deleted = deleted,
                Rejected = left,
                Warned = measured.Partitions.Sum(p => p.Warned),
            },
        };

        // Rows that were not tried are as the definition of then left them: if it moved since, the next run still makes the table anew.
        return await commit.CommitAsync(step, source, session, work, StepState.Of(silver, work.Table)?.Definition ?? definition, cancellationToken);
    }

    private async Task<long> ChooseAsync(DuckDbSession session, CleanTables step, DeltaSnapshot rejected, ReplayRequest replay, CancellationToken cancellationToken)
    {
        var conditions = new List<string> { "file is not null" };
        conditions.AddRange(replay.Rule is { } rule ? [$"list_contains(list_transform(failures, lambda f: f.rule), {Sql.Literal(rule)})"] : []);
        conditions.AddRange(replay.FromUtc is { } from ? [$"rejected_at >= {BronzeColumns.Timestamp(from)}"] : []);
        conditions.AddRange(replay.ToUtc is { } to ? [$"rejected_at < {BronzeColumns.Timestamp(to)}"] : []);
        var select = $"select distinct file as _file, row as _row from present.rejected where {string.Join(" and ", conditions)}";
        var planned = await reader.PlanAsync(session, [new TableInput("present", "rejected", rejected, step.RejectedTable.Root)], select, cancellationToken);
        using var views = await reader.CreateViewsAsync(session, planned, cancellationToken);
        session.Execute($"create temp table chosen as {select}", cancellationToken);
        return session.Scalar<long>("select count(*) from chosen", cancellationToken);
    }

    // Bronze may be of any size: the files that may hold one of the rows are looked through a part at a time.
    private async Task<long> FetchAsync(DuckDbSession session, SourceDefinition source, CleanTables step, CancellationToken cancellationToken)
    {
        session.Execute("create schema replay", cancellationToken);
        var name = $"landed.{Sql.Identifier(source.Name)}";
        IReadOnlyList<string> row = ["_file", "_row"];
        foreach (var files in CleanSplit.Cut(KeyFilter.Of(session, row, "chosen", cancellationToken).Among(row, step.Bronze), limits).DefaultIfEmpty([]))
        {
            using var lease = await reader.CreateViewAsync(session, "landed", source.Name, step.Bronze with { Files = files }, step.BronzeTable.Root, cancellationToken);
            session.Execute($"create table if not exists {Rows} as select * from {name} limit 0; insert into {Rows} select * from {name} semi join chosen using (_file, _row)", cancellationToken);
        }

        return session.Scalar<long>($"select count(*) from {Rows}", cancellationToken);
    }
}
