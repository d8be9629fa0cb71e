using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Makes partitions of silver anew from bronze, by the definition of now, and leaves the rest as it is.</summary>
/// <remarks>
/// A key is judged anew as a whole: it is within the backfill if one of its rows lies in the range, in bronze as it is typed now or in silver. So no key is there twice or lost
/// where its latest row moves into the range or out of it. Rows of rejected follow their row of bronze.
/// </remarks>
internal sealed class SourceBackfiller(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer, RowScoring scoring, CleanLimits limits)
{
    private const string Backfilled = "backfilled in part";

    /// <summary>Makes the partitions anew, or tells how that is to be cut if it is too much for one activity.</summary>
    /// <param name="declared">The source as the definition has it.</param>
    /// <param name="work">The step, with the version of bronze that silver has seen.</param>
    /// <param name="range">The days of the partitions.</param>
    /// <param name="definition">Hash of the step's definition.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TerminalException">Silver is to be made anew as a whole, or a rule that fails the step was broken.</exception>
    public async Task<StepOutcome> BackfillAsync(
        SourceDefinition declared, StepWork work, DateRange range, string definition, string invocation, CancellationToken cancellationToken)
    {
        var step = await CleanTables.ReadAsync(tables, work, cancellationToken);
        if (await step.Inputs.IsDoneAsync(tables, step.Silver, work, definition, cancellationToken) is { } status && step is { Silver: { } done, Rejected: { } doneRejected })
        {
            return StepOutcome.Done(work, status, StepState.Of(done, work.Table), (work.Table, done.Version), (step.RejectedKey, doneRejected.Version));
        }

        using var session = engine.OpenSession();
        var silver = RequireKept(step, session, declared);
        var source = CleanSql.WithDetected(declared, StepState.Of(step.Bronze, step.BronzeKey)?.Columns ?? []);
        var within = silver with { Files = [.. silver.Files.Where(f => BackfillScope.IsWithin(range, silver.PartitionColumns, f))] };
        if (step.Bronze.Bytes + within.Bytes > limits.SingleBytes)
        {
            return await SplitAsync();
        }

        using var rows = await CheckedRows.OpenAsync(tables, session, reader, source, step.Bronze, work, cancellationToken);
        var scope = new BackfillScope(session, source, range);
        using (await reader.CreateViewAsync(session, "present", "within", within, step.SilverTable.Root, cancellationToken))
        {
            session.Execute($"create temp table {BackfillScope.Keys} as {scope.TypedKeys} union {scope.KeysOf("present.within")}", cancellationToken);
        }

        var met = KeyFilter.Of(session, scope.Key, BackfillScope.Keys, cancellationToken).Among(scope.Key, silver);
        if (step.Bronze.Bytes + within.Files.Union(met).Sum(f => f.SizeBytes) > limits.SingleBytes)
        {
            return await SplitAsync();
        }

        await UniqueValues.FindAsync(session, reader, source, null, step.SilverTable.Root, (c, _) => UniqueValues.Candidates(source, c), cancellationToken);
        var judged = scope.Judge(rows, cancellationToken);
        var measured = rows.Measure(cancellationToken);
        if (await QualityGate.PassAsync(tables, step, source, rows.Sql.Checks, measured, BatchKind.Backfill, work, cancellationToken) is { } stopped)
        {
            return stopped;
        }

        var (superseded, duplicate) = rows.FindLosers(cancellationToken);
        var scored = scoring.Score(rows, await scoring.FindAsync(work.Pipeline, source, cancellationToken), superseded + duplicate > 0, cancellationToken);
        var select = CleanSql.AsStored(session, rows.Sql.Silver(superseded + duplicate > 0));
        var replaced = silver with { Files = [.. within.Files, .. await scope.TouchedAsync(reader, silver with { Files = met }, step.SilverTable.Root, cancellationToken)] };
        using var lease = await reader.CreateViewAsync(session, "present", "replaced", replaced, step.SilverTable.Root, cancellationToken);
        var deleted = DeletedRows.Count(session, source, select, cancellationToken);
        select = DeletedRows.Without(source, select);
        var (written, updated) = scope.Count(select, "present.replaced", cancellationToken);
        var added = await writer.WriteAsync(
            session, $"select * from ({select}) union all {scope.Others("present.replaced")}", step.SilverTable.Root, source.Partition?.As ?? [], invocation, cancellationToken);
        var refused = await writer.WriteAsync(session, rows.Rejected(work), step.RejectedTable.Root, [], invocation, cancellationToken);
        var rewrite = await RejectedRewrite.WriteAsync(session, reader, writer, step.Rejected, step.RejectedTable.Root, BackfillScope.Judged, $"{invocation}k", cancellationToken);
        var commit = new CleanCommit
        {
            Incremental = true,
            Note = NoteOf(range, judged, step),
            Add = added,
            Remove = [.. replaced.Files.Select(f => f.Path)],
            RestsOnSilver = true,
            Refused = [.. refused, .. rewrite.Kept],
            RefusedRemove = [.. rewrite.Removed.Select(f => f.Path)],
            SilverVersion = silver.Version,
            RejectedVersion = step.Rejected?.Version,
            Scored = scored,
            Rows = new RowBooks
            {
                In = step.Bronze.Rows,
                Inserted = written - updated,
                Updated = updated,
                Superseded = superseded,
                Duplicate = duplicate,
                Deleted = deleted,
                Rejected = refused.Sum(a => a.Statistics?.Rows ?? 0),
                Warned = measured.Partitions.Sum(p => p.Warned),
                Untouched = step.Bronze.Rows - judged,
            },
        };
        return await commit.CommitAsync(step, source, session, work, definition, cancellationToken);

        Task<StepOutcome> SplitAsync() =>
            new BackfillSplitter(tables, engine, reader, writer, scoring, limits).SplitAsync(source, step, silver, within, work, range, invocation, cancellationToken);
    }

    /// <summary>What the step's note says.</summary>
    public static string NoteOf(DateRange range, long judged, CleanTables step) => $"Backfill of {range}: {judged} of {step.Bronze.Rows} rows of {step.BronzeKey} belong to it.";

    /// <summary>Bronze with the rows that silver has seen, and silver.</summary>
    /// <exception cref="TerminalException">There is no silver yet, it is to be made anew as a whole, or that version can no longer be read.</exception>
    public static async Task<(DeltaSnapshot Bronze, DeltaSnapshot Silver)> SeenAsync(
        LakeTables tables, DuckDbSession session, string pipeline, SourceDefinition declared, TableKey table, IReadOnlyDictionary<TableKey, DeltaSnapshot> snapshots, CancellationToken cancellationToken, string what = Backfilled)
    {
        var bronze = table with { Layer = "bronze" };
        if (!snapshots.TryGetValue(bronze, out var now) || StepState.Of(snapshots.GetValueOrDefault(table), table) is not { } state)
        {
            throw new TerminalException($"{table} is not built yet: there is nothing to {(what == Backfilled ? "backfill" : "replay into")}. Run the pipeline.");
        }

        var silver = RequireKept(CleanTables.Of(tables, pipeline, table, snapshots), session, declared, what);
        var moved = await StepInputs.MovedAsync(tables, pipeline, state.Inputs, [(bronze, now)], cancellationToken);
        if (moved.Count == 0)
        {
            // The same rows: files of the version itself may have been packed since, and deleted.
            return (now, silver);
        }

        var seen = TableVersion.Parse(state.Inputs[bronze.ToString()]);
        try
        {
            if (seen.TableId == now.TableId && await tables.Open(pipeline, bronze).ReadAsync(seen.Version, cancellationToken) is { } then)
            {
                return (then, silver);
            }
        }
        catch (UnknownVersionException)
        {
            // Told below.
        }

        throw new TerminalException($"{table} was made of version {seen.Version} of {bronze}, which can no longer be read. Run the pipeline first, so that it has read the newest version, then {(what == Backfilled ? "backfill" : "replay")}.");
    }

    /// <summary>Silver, whose rows can stay.</summary>
    /// <exception cref="TerminalException">They cannot.</exception>
    public static DeltaSnapshot RequireKept(CleanTables step, DuckDbSession session, SourceDefinition declared, string what = Backfilled)
    {
        var silver = step.Silver ?? throw CleanCloser.Deleted(step.SilverKey);
        return CleanScope.WhyNotToBeKept(step, silver, session, declared) is { } why
            ? throw new TerminalException($"{step.SilverKey} cannot be {what}: {why}. Run the pipeline, which makes it anew as a whole.")
            : silver;
    }
}
