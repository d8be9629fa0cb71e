using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>What every change of a table by key has in common: the rows that come are held against the table, what changes is collected, and the files with a
/// row that changes are replaced in one commit.</summary>
internal sealed class KeyedWrite(ILake lake, FileCache cache, TimeProvider clock, DataFileWriter? writer)
{
    /// <param name="session">Holds the rows and runs the select.</param>
    /// <param name="root">The table's directory.</param>
    /// <param name="request">What to bring in.</param>
    /// <param name="beside">Columns that make a row unique together with the key.</param>
    /// <param name="collect">Fills the change set; gives the number of rows that stay as they are.</param>
    /// <param name="invocation">Unique to this attempt.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<MergeResult> RunAsync(
        DuckDbSession session, LakePath root, MergeRequest request, IReadOnlyList<string> beside, Func<Collected, CancellationToken, Task<long>> collect, string invocation, CancellationToken cancellationToken)
    {
        var table = new DeltaTable(lake, root, clock, session.TempDirectory);
        var newest = await table.ReadAsync((long?)null, cancellationToken);
        if (newest is not null && request.Transaction is { } transaction && newest.Transactions.GetValueOrDefault(transaction.AppId, -1) >= transaction.Version)
        {
            // A repeat, or a straggler: the commit tells which.
            return new MergeResult(null, await table.CommitAsync(Commit(request, newest, newest, newest.Schema, null), cancellationToken));
        }

        var snapshot = request.Overwrite ? null : newest;

        var rows = new DeltaSchema { Fields = [.. DeltaSchema.FromDuckDb(session.Describe(request.Select)).Fields.Where(field => field.Name != request.DeleteColumn)] };
        var schema = snapshot is null ? rows : SchemaRules.Reconcile(root, snapshot.Schema, rows, request.Widen);
        KeyedRows.CheckKey(root, rows, schema, request.Key);
        using var changes = new ChangeSet(session, cache, snapshot is null ? DeltaSnapshot.Empty(schema, request.PartitionColumns) : snapshot with { Schema = schema }, root);
        var source = new KeyedRows(session, request.Select, schema, request.Key, request.DeleteColumn, cancellationToken);
        if (request.RequireKey)
        {
            source.RequireKey(root, beside, cancellationToken);
        }

        source.RequireOneRowPer(root, cancellationToken, beside);
        source.RequireValues(root, rows, schema, cancellationToken);

        var unchanged = await collect(new Collected(session, changes, source, request, rows, schema, snapshot), cancellationToken);
        var widens = snapshot is not null && snapshot.Schema.Fields.Any(field => schema.Find(field.Name)?.Type != field.Type);
        var touched = widens && snapshot is not null ? [.. Enumerable.Range(0, snapshot.Files.Count)] : changes.TouchedFiles();
        var counts = new MergeCounts(
            changes.Count($"{TableReader.FileNumber} IS NULL"), changes.Count($"{TableReader.FileNumber} IS NOT NULL AND NOT __delete"), changes.Count("__delete"), unchanged, touched.Count);
        if (snapshot is not null && counts is { Inserted: 0, FilesRewritten: 0 } && schema.Equals(snapshot.Schema) && !request.CommitUnchanged)
        {
            return new MergeResult(counts, null);
        }

        var added = await changes.WriteAsync(writer ?? new DataFileWriter(lake), touched, invocation, cancellationToken);
        var commit = Commit(request, snapshot, newest, schema, counts) with
        {
            Add = added,
            Remove = [.. touched.Select(file => snapshot?.Files[file].Path).OfType<string>()],
            WidensTypes = widens,
        };
        return new MergeResult(counts, await table.CommitAsync(commit, cancellationToken));
    }

    private static DeltaCommit Commit(MergeRequest request, DeltaSnapshot? snapshot, DeltaSnapshot? newest, DeltaSchema schema, MergeCounts? counts) => new()
    {
        Operation = request.Operation,

        // A table that somebody else creates meanwhile has rows that were not looked at.
        Mode = snapshot is null ? CommitMode.Overwrite : CommitMode.Replace,
        Schema = schema,
        PartitionColumns = snapshot?.PartitionColumns ?? request.PartitionColumns,
        Transaction = request.Transaction,
        Domains = counts is not null && request.Domain is { } domain ? [domain(counts)] : [],
        Description = request.Description,
        ReadVersion = newest?.Version ?? -1,
        Metrics = counts is null ? request.Metrics : new Dictionary<string, string>(request.Metrics)
        {
            ["numTargetRowsInserted"] = Text(counts.Inserted),
            ["numTargetRowsUpdated"] = Text(counts.Updated),
            ["numTargetRowsDeleted"] = Text(counts.Deleted),
            ["numTargetRowsUnchanged"] = Text(counts.Unchanged),
        },
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What a change set is filled from.</summary>
    /// <param name="Session">Holds all of it.</param>
    /// <param name="Changes">To be filled.</param>
    /// <param name="Source">The rows that come.</param>
    /// <param name="Request">What was asked for.</param>
    /// <param name="Rows">The columns of the rows that come, without the one that deletes.</param>
    /// <param name="Schema">The columns that the table is to have.</param>
    /// <param name="Snapshot">The table as it is; null where there is none.</param>
    internal sealed record Collected(DuckDbSession Session, ChangeSet Changes, KeyedRows Source, MergeRequest Request, DeltaSchema Rows, DeltaSchema Schema, DeltaSnapshot? Snapshot);
}
