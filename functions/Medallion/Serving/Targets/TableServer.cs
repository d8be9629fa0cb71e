using System.Runtime.ExceptionServices;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.Database;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>Serves tables: a target comes to hold what its table holds at the version that the run is pinned to.</summary>
/// <remarks>The target remembers which version it holds, in the transaction that wrote the rows. So a repeat changes nothing, and an older run's straggler is left alone.</remarks>
internal sealed class TableServer(LakeTables tables, Engine engine, TableReader reader, Connections connections, IEnumerable<ISqlDialect> dialects, IEnumerable<ITargetDialect> targets, TimeProvider clock)
{
    private const int LoadIdCharacters = 16;

    /// <summary>Serves a table.</summary>
    /// <param name="step">The step.</param>
    /// <param name="serve">What is served, and where.</param>
    /// <param name="work">The run's step, with the version to read.</param>
    /// <param name="invocation">This attempt.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TransientException">The database does not answer.</exception>
    /// <exception cref="TerminalException">The database refuses what is asked, the target is somebody else's, or the key is none.</exception>
    public async Task<StepOutcome> ServeAsync(Step step, ServeDefinition serve, StepWork work, string invocation, CancellationToken cancellationToken)
    {
        var snapshot = (await StepInputs.ReadAsync(tables, work, step.Inputs, cancellationToken)).Snapshots[serve.Table];
        await using var database = await TargetDatabase.OpenAsync(connections, dialects, targets, serve, cancellationToken);
        var table = TargetTable.Of(serve, snapshot, database.Target);
        var state = await database.Target.BeginAsync(database, table, cancellationToken);
        RequireOwn(serve, work, state);
        if (state is { Exists: true, Record: { } held })
        {
            if (held.IsNewerThan(snapshot, work.Number))
            {
                return Outcome(work, StepStatus.Unchanged, null, held.Version) with { Note = $"{serve.Arrival} has version {held.Version} already, which is newer than the {snapshot.Version} of this run: it is left as it is." };
            }

            if (held.TableId == snapshot.TableId && held.Version == snapshot.Version && held.Definition == step.Definition && (held.RunNumber == work.Number || !work.Rebuild))
            {
                return Outcome(work, held.RunNumber == work.Number ? StepStatus.Succeeded : StepStatus.Unchanged, null, held.Version);
            }
        }

        var record = new ServedRecord
        {
            Target = table.Name,
            LoadId = invocation.Length > LoadIdCharacters ? invocation[..LoadIdCharacters] : invocation,
            Pipeline = work.Pipeline,
            Source = serve.Table.ToString(),
            TableId = snapshot.TableId,
            Version = snapshot.Version,
            Definition = step.Definition,
            Shape = table.Shape,
            RunNumber = work.Number,
            Rows = snapshot.Rows,
            ServedUtc = clock.GetUtcNow(),
        };
        using var session = engine.OpenSession();
        try
        {
            return await ServeAsync(session, database, serve, table, state, record, snapshot, work, cancellationToken);
        }
        catch (DuckDbException error) when (engine.Exhausted(work.Table, error) is { } exhausted)
        {
            throw exhausted;
        }
    }

    private async Task<StepOutcome> ServeAsync(
        DuckDbSession session, TargetDatabase database, ServeDefinition serve, TargetTable table, TargetState state, ServedRecord record, DeltaSnapshot snapshot, StepWork work, CancellationToken cancellationToken)
    {
        var before = await BeforeAsync(serve, table, state, snapshot, work, cancellationToken);
        var root = LakeTables.Root(work.Pipeline, serve.Table);
        var inputs = new List<TableInput>();

        // What the lake tells apart the target may not.
        var padsTexts = database.Target.PadsTexts && table.Key.Any(table.IsText);
        var isKeyKnown = serve.IsKeyOfTable && !padsTexts;
        if (before is null || !isKeyKnown)
        {
            inputs.Add(new TableInput(ServedRows.Schema, ServedRows.All, snapshot, root));
        }

        if (before is not null)
        {
            inputs.Add(new TableInput(ServedRows.Schema, ServedRows.Added, Only(snapshot, before), root));
            inputs.Add(new TableInput(ServedRows.Schema, ServedRows.Removed, Only(before, snapshot) with { Schema = snapshot.Schema }, root));
        }

        var used = string.Join(", ", inputs.Select(i => $"{i.Schema}.{i.Name} as {i.Name}"));
        var planned = await reader.PlanAsync(session, inputs, $"select * from {used}", cancellationToken);
        engine.RequireRoom(work.Table.ToString(), planned);
        using var views = await reader.CreateViewsAsync(session, planned, cancellationToken);
        try
        {
            var rows = new ServedRows(session, serve, table, padsTexts);
            return before is null
                ? await ReplaceAsync(session, rows, database, isKeyKnown, table, state, record, work, cancellationToken)
                : await UpsertAsync(rows, database, isKeyKnown, table, state, record, work, cancellationToken);
        }
        catch (DuckDbException) when (views.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
            throw;
        }
    }

    private static async Task<StepOutcome> ReplaceAsync(
        DuckDbSession session, ServedRows rows, TargetDatabase database, bool isKeyKnown, TargetTable table, TargetState state, ServedRecord record, StepWork work, CancellationToken cancellationToken)
    {
        rows.RequireKey(ServedRows.All, isKeyKnown ? null : ServedRows.All, cancellationToken);
        var content = RowSum.Of(session, $"select * from {ServedRows.Schema}.{ServedRows.All}", cancellationToken);
        record = record with { Content = content.ToString(), Rows = content.Rows };

        // A table that was built anew may hold what it held.
        if (!work.Rebuild && state is { Exists: true, Record: { } held } && held.Content == record.Content && Json.Write(held.Shape) == Json.Write(record.Shape))
        {
            await database.Target.NoteAsync(database, table, state, record with { LoadId = held.LoadId }, cancellationToken);
            return Outcome(work, StepStatus.Unchanged, null, record.Version);
        }

        await database.Target.ReplaceAsync(database, table, state, record, () => rows.Rows(cancellationToken), cancellationToken);
        return Outcome(work, StepStatus.Succeeded, new RowBooks { In = content.Rows, Inserted = content.Rows }, record.Version);
    }

    private static async Task<StepOutcome> UpsertAsync(
        ServedRows rows, TargetDatabase database, bool isKeyKnown, TargetTable table, TargetState state, ServedRecord record, StepWork work, CancellationToken cancellationToken)
    {
        rows.RequireKey(ServedRows.Added, isKeyKnown ? null : ServedRows.All, cancellationToken);
        var changes = rows.Compare(cancellationToken);
        record = record with { LoadId = state.Record?.LoadId ?? record.LoadId };
        if (changes.AreNone && Json.Write(state.Record?.Shape) == Json.Write(record.Shape))
        {
            await database.Target.NoteAsync(database, table, state, record, cancellationToken);
            return Outcome(work, StepStatus.Unchanged, null, record.Version);
        }

        await database.Target.UpsertAsync(database, table, state, record, () => rows.ChangedRows(cancellationToken), () => rows.GoneKeys(cancellationToken), cancellationToken);
        var books = new RowBooks { In = changes.Inserted + changes.Updated + changes.Deleted, Inserted = changes.Inserted, Updated = changes.Updated, Deleted = changes.Deleted };
        return Outcome(work, StepStatus.Succeeded, books, record.Version);
    }

    // The version that the target holds, where the way from there can be told; null: it is made anew.
    private async Task<DeltaSnapshot?> BeforeAsync(ServeDefinition serve, TargetTable table, TargetState state, DeltaSnapshot snapshot, StepWork work, CancellationToken cancellationToken)
    {
        if (serve.Mode != ServeMode.Upsert || work.Rebuild || state is not { Exists: true, Record: { } held } || held.TableId != snapshot.TableId || !table.Shape.Extends(held.Shape))
        {
            return null;
        }

        var lake = tables.Open(work.Pipeline, serve.Table);
        try
        {
            var before = await lake.ReadAsync(held.Version, cancellationToken);
            var there = before is null ? [] : await Task.WhenAll(Only(before, snapshot).Files.Select(f => lake.HoldsAsync(f, cancellationToken)));
            return before is not null && before.TableId == snapshot.TableId && there.All(t => t) ? before : null;
        }
        catch (TerminalException)
        {
            // Its log or its files are cleaned away.
            return null;
        }
    }

    private static DeltaSnapshot Only(DeltaSnapshot one, DeltaSnapshot other)
    {
        var others = other.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        return one with { Files = [.. one.Files.Where(f => !others.Contains(f.Path))] };
    }

    private static void RequireOwn(ServeDefinition serve, StepWork work, TargetState state)
    {
        if (state is { Exists: true, Record: null })
        {
            throw new TerminalException($"'{serve.Arrival}' is there and was not made by serving: expected no table of that name. Rename or drop it, or give '{serve.Table}' another 'table' ({serve.Line}). It is as it was.");
        }

        if (state is { Exists: true, Record: { } record } && (record.Pipeline != work.Pipeline || record.Source != serve.Table.ToString()))
        {
            throw new TerminalException($"'{serve.Arrival}' holds {record.Source} of pipeline '{record.Pipeline}': expected nothing, or {serve.Table} of '{work.Pipeline}'. Give one of them another 'table' ({serve.Line}); or drop the table and its row in {ServedRecord.Table}.");
        }
    }

    private static StepOutcome Outcome(StepWork work, StepStatus status, RowBooks? rows, long version) => StepOutcome.Of(work.Table, status, rows, (work.Table, version));
}
