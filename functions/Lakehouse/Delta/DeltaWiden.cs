using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Gives columns of a table wider types, by writing its files anew in one commit: the protocol stays, so that every reader reads it.</summary>
/// <remarks>byte to short to integer to long, float to double, a decimal to one with as many digits before and after the point or more; nothing else. Earlier
/// versions keep the types they had. The commit counts as one that changes rows: any other change of the rows in between voids it.</remarks>
/// <param name="lake">Where the table lies.</param>
/// <param name="cache">Holds files while they are read: room for the largest file, and for 256 MiB.</param>
/// <param name="clock">Gives the commit its time.</param>
/// <param name="writer">Writes the files; null: files of 256 MiB, none kept in the cache.</param>
public sealed class DeltaWiden(ILake lake, FileCache cache, TimeProvider clock, DataFileWriter? writer = null)
{
    /// <summary>Widens columns.</summary>
    /// <param name="session">Reads and writes; its temporary folder needs room for 256 MiB or the largest file.</param>
    /// <param name="root">The table's directory.</param>
    /// <param name="types">The type that each column is to have.</param>
    /// <param name="invocation">Unique to this attempt: it is part of the files' names.</param>
    /// <param name="cancellationToken">Ends it; without the commit nothing has changed.</param>
    /// <returns>Null where the columns have these types already, and no commit was made.</returns>
    /// <exception cref="TransientException">A commit in between makes this one void: the files written are void too.</exception>
    /// <exception cref="TerminalException">There is no such table or column, a type is not wider, or the protocol does not allow the change.</exception>
    public async Task<CommitResult?> RunAsync(DuckDbSession session, LakePath root, IReadOnlyDictionary<string, PrimitiveType> types, string invocation, CancellationToken cancellationToken)
    {
        var (table, snapshot) = await ReadAsync(session, root, cancellationToken);
        var wanted = new DeltaSchema { Fields = [.. types.Select(type => new DeltaField { Name = type.Key, Type = DeltaTypes.Primitive(type.Value.Name) })] };
        if (wanted.Fields.FirstOrDefault(column => snapshot.Schema.Find(column.Name) is null) is { } missing)
        {
            throw new TerminalException($"The column '{missing.Name}' is to be widened, which the table {root} lacks: it has ({snapshot.Schema}).");
        }

        var schema = SchemaRules.Reconcile(root, snapshot.Schema, wanted, widen: true);
        if (schema.Equals(snapshot.Schema))
        {
            return null;
        }

        using var changes = new ChangeSet(session, cache, snapshot with { Schema = schema }, root);
        return await CommitAsync(table, snapshot, schema, changes, "WIDEN", transaction: null, invocation, cancellationToken);
    }

    /// <summary>Appends a query's rows; a column whose type is wider than the table's widens it in the same commit, a narrower one is cast.</summary>
    /// <param name="session">Runs the query; its temporary folder needs room for 256 MiB or the largest file, and for the result.</param>
    /// <param name="root">The table's directory.</param>
    /// <param name="selectSql">One SELECT.</param>
    /// <param name="transaction">Makes the append idempotent.</param>
    /// <param name="invocation">Unique to this attempt: it is part of the files' names.</param>
    /// <param name="cancellationToken">Ends it; without the commit nothing has changed.</param>
    /// <inheritdoc cref="RunAsync" path="/exception"/>
    public async Task<CommitResult> AppendAsync(DuckDbSession session, LakePath root, string selectSql, TransactionId? transaction, string invocation, CancellationToken cancellationToken)
    {
        var (table, snapshot) = await ReadAsync(session, root, cancellationToken);
        var rows = DeltaSchema.FromDuckDb(session.Describe(selectSql));
        var schema = SchemaRules.Reconcile(root, snapshot.Schema, rows, widen: true);
        if (!Widens(snapshot, schema))
        {
            // A column that does not come is not written: it would be brought back if it is dropped meanwhile.
            schema = schema with { Fields = [.. schema.Fields.Where(field => rows.Find(field.Name) is not null || snapshot.PartitionColumns.Contains(field.Name))] };
        }

        using var changes = new ChangeSet(session, cache, snapshot with { Schema = schema }, root);
        var columns = schema.Fields.Select(field => rows.Find(field.Name) is null ? "NULL" : Sql.Identifier(field.Name));
        session.Execute($"INSERT INTO {ChangeSet.Changes} SELECT NULL, NULL, false, {string.Join(", ", columns)} FROM (\n{selectSql}\n)", cancellationToken);
        return await CommitAsync(table, snapshot, schema, changes, "WRITE", transaction, invocation, cancellationToken);
    }

    private static bool Widens(DeltaSnapshot snapshot, DeltaSchema schema) => snapshot.Schema.Fields.Any(field => schema.Find(field.Name) is { } column && column.Type != field.Type);

    private async Task<(DeltaTable Table, DeltaSnapshot Snapshot)> ReadAsync(DuckDbSession session, LakePath root, CancellationToken cancellationToken)
    {
        var table = new DeltaTable(lake, root, clock, session.TempDirectory);
        return (table, await table.ReadAsync((long?)null, cancellationToken) ?? throw new TerminalException($"There is no table at {root} to widen."));
    }

    private async Task<CommitResult> CommitAsync(
        DeltaTable table, DeltaSnapshot snapshot, DeltaSchema schema, ChangeSet changes, string operation, TransactionId? transaction, string invocation, CancellationToken cancellationToken)
    {
        var widens = Widens(snapshot, schema);
        int[] files = widens ? [.. Enumerable.Range(0, snapshot.Files.Count)] : [];
        var commit = new DeltaCommit
        {
            Operation = operation,
            Mode = widens ? CommitMode.Replace : CommitMode.Append,
            Schema = schema,
            PartitionColumns = snapshot.PartitionColumns,
            Add = await changes.WriteAsync(writer ?? new DataFileWriter(lake), files, invocation, cancellationToken),
            Remove = [.. files.Select(file => snapshot.Files[file].Path)],
            Transaction = transaction,
            ReadVersion = snapshot.Version,
            WidensTypes = widens,
        };
        return await table.CommitAsync(commit, cancellationToken);
    }
}
