using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources;

namespace Pipeline.Medallion.Bronze;

/// <summary>Closes an ingest step: one commit makes all parts visible, with what tells how far the source is taken.</summary>
internal sealed class SourceCommitter(LakeTables tables, SourceConnectors connectors)
{
    private static readonly SourceChange NoEvent = new() { Landed = [], Rows = 0, Note = "No event has arrived yet." };

    /// <summary>Commits the parts that were landed.</summary>
    /// <param name="source">The source.</param>
    /// <param name="work">The step, with its landed parts.</param>
    /// <param name="definition">Hash of the step's definition.</param>
    /// <param name="invocation">This attempt; names what it writes.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<StepOutcome> CommitAsync(SourceDefinition source, StepWork work, string definition, string invocation, CancellationToken cancellationToken)
    {
        var table = tables.Open(work.Pipeline, work.Table);
        var snapshot = await table.ReadAsync(null, cancellationToken);
        var state = StepState.Of(snapshot, work.Table);
        if (snapshot is not null && state is not null && snapshot.Transactions.GetValueOrDefault(work.TransactionId, -1) == work.Number)
        {
            return StepOutcome.Of(work.Table, StepStatus.Succeeded, state.Rows, (work.Table, snapshot.Version));
        }

        if (source.Stream is not null && snapshot is not null)
        {
            return StepOutcome.Of(work.Table, StepStatus.Unchanged, new RowBooks { In = 0 }, (work.Table, snapshot.Version));
        }

        if (snapshot?.Version != work.PlannedVersion && !await WasOnlyPackedAsync(table, snapshot, work, cancellationToken))
        {
            // What was landed was chosen by the ledger of another version: to add it could add files twice.
            throw new TerminalException(
                $"{work.Table} was planned at version {work.PlannedVersion?.ToString(CultureInfo.InvariantCulture) ?? "none"} but is at {snapshot?.Version.ToString(CultureInfo.InvariantCulture) ?? "none"}: somebody else wrote it while run {work.RunId} was going on. Nothing was committed; start a new run.");
        }

        var overwrite = work.Rebuild || snapshot is null;
        if (snapshot is not null && !work.Rebuild && work.Landed.Count == 0)
        {
            return StepOutcome.Of(work.Table, StepStatus.Unchanged, new RowBooks { In = 0 }, (work.Table, snapshot.Version));
        }

        var change = source.Stream is not null ? NoEvent : await connectors.Of(source).CloseAsync(
            new CloseRequest
            {
                Source = source,
                Work = work,
                Landed = await ReadManifestsAsync(work, cancellationToken),
                Snapshot = snapshot,
                State = overwrite ? null : state,
                Overwrite = overwrite,
                Invocation = invocation,
            },
            cancellationToken);
        if (change is null)
        {
            return StepOutcome.Of(work.Table, StepStatus.Unchanged, new RowBooks { In = 0 }, snapshot is null ? [] : [(work.Table, snapshot.Version)]);
        }

        overwrite |= change.Overwrite;
        var added = change.Landed.SelectMany(m => m.Add).ToList();
        var rows = new RowBooks { In = change.Rows, Inserted = added.Sum(a => a.Statistics?.Rows ?? 0) };
        rows.RequireBalance(work.Table);
        var next = new StepState
        {
            RunId = work.RunId,
            Definition = definition,
            Rows = rows,
            Ledger = change.Ledger,
            Position = change.Position,
            Columns = DetectedColumns.Settle(DetectedColumns.Merge(overwrite ? [] : state?.Columns ?? [], change.Landed.Select(m => m.Detected), source.Evolution)),
        };
        var committed = await table.CommitAsync(
            new DeltaCommit
            {
                Operation = "INGEST",
                Mode = overwrite ? CommitMode.Overwrite : change.Rewrite.Remove.Count > 0 ? CommitMode.Replace : CommitMode.Append,
                Schema = MergeSchema(overwrite ? null : snapshot?.Schema, change.Landed, source.Stream is null ? [] : BronzeColumns.OfEvents, work.Table),
                Add = [.. added, .. change.Rewrite.Add],
                Remove = change.Rewrite.Remove,
                Transaction = new TransactionId(work.TransactionId, work.Number),
                Domains = [new DomainState(work.StateDomain, Json.Write(next))],
                Description = $"What arrived for source {source.Name}",
                ReadVersion = snapshot?.Version ?? -1,
                Metrics = new Dictionary<string, string>(change.Metrics) { ["runId"] = work.RunId },
            },
            cancellationToken);
        return StepOutcome.Of(work.Table, StepStatus.Succeeded, rows, (work.Table, committed.Version)) with { Note = change.Note };
    }

    // Maintenance may pack the table while a run is going on: its rows and its ledger are then those of the plan.
    private static async Task<bool> WasOnlyPackedAsync(DeltaTable table, DeltaSnapshot? now, StepWork work, CancellationToken cancellationToken)
    {
        if (now is null || work.PlannedVersion is not { } planned || planned > now.Version || await table.ReadAsync(planned, cancellationToken) is not { } then)
        {
            return false;
        }

        return then.TableId == now.TableId
            && then.Domains.GetValueOrDefault(work.StateDomain) == now.Domains.GetValueOrDefault(work.StateDomain)
            && (await table.ReadChangesAsync(planned, now.Version, cancellationToken)).IsEmpty;
    }

    private async Task<IReadOnlyList<LandedBatch>> ReadManifestsAsync(StepWork work, CancellationToken cancellationToken)
    {
        var folder = new RunFolder(tables.Lake, work.RunId);
        var batches = new List<LandedBatch>();
        foreach (var part in work.Landed)
        {
            batches.AddRange((await folder.ReadAsync<LandedManifest>(RunFolder.ManifestName(work.Table, part), cancellationToken)).Batches);
        }

        return batches;
    }

    private static DeltaSchema MergeSchema(DeltaSchema? existing, IEnumerable<LandedBatch> landed, IReadOnlyList<DuckDbColumn> more, TableKey table)
    {
        var fields = existing?.Fields.ToList() ?? [];
        var columns = new List<DuckDbColumn>();
        foreach (var column in landed.SelectMany(m => m.Columns).Concat(BronzeColumns.Technical).Concat(more))
        {
            var known = columns.FirstOrDefault(c => string.Equals(c.Name, column.Name, StringComparison.OrdinalIgnoreCase));
            if (known is null)
            {
                columns.Add(column);
            }
            else if (known.Type != column.Type)
            {
                throw new TerminalException(
                    $"The files of {table} disagree on column '{column.Name}': {known.Type} in one, {column.Type} in another. Make the files agree, or split them into two sources.");
            }
        }

        var found = DeltaSchema.FromDuckDb(columns).Fields;
        foreach (var field in found)
        {
            var known = fields.FirstOrDefault(f => string.Equals(f.Name, field.Name, StringComparison.OrdinalIgnoreCase));
            if (known is null)
            {
                fields.Add(field);
            }
            else if (!known.Type.Equals(field.Type))
            {
                throw new TerminalException(
                    $"Column '{field.Name}' of {table} arrived as {field.Type}, but the table has it as {known.Type}. Make the files agree with the table, or run with a full refresh to make the table anew.");
            }
        }

        return new DeltaSchema { Fields = fields };
    }
}
