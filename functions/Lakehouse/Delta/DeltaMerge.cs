using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Brings rows into a table by key: those whose key is there replace the rows with it, the others are added, or rows are deleted by key.</summary>
/// <remarks>Only files with a row that changes are written anew, with their rows in order; added rows come last. Which files may hold a key is told by their
/// statistics, then by the key columns alone. One commit, which any other change of the table's rows in between voids.</remarks>
/// <param name="lake">Where the table lies.</param>
/// <param name="cache">Holds files while they are read: room for the largest file, and for 256 MiB.</param>
/// <param name="clock">Gives the commit its time.</param>
/// <param name="writer">Writes the files; null: files of 256 MiB, none kept in the cache.</param>
public sealed class DeltaMerge(ILake lake, FileCache cache, TimeProvider clock, DataFileWriter? writer = null)
{
    private const string Matched = $"{ChangeSet.Schema}.matched";

    /// <summary>Merges; the table is created if it is not there.</summary>
    /// <param name="session">Holds the rows and runs the select.</param>
    /// <param name="root">The table's directory.</param>
    /// <param name="request">What to bring in.</param>
    /// <param name="invocation">Unique to this attempt: it is part of the files' names.</param>
    /// <param name="cancellationToken">Ends it; without the commit nothing has changed.</param>
    /// <exception cref="StaleRunException">The table holds a newer version of the request's transaction.</exception>
    /// <exception cref="TransientException">A commit in between makes this one void: the files written are void too.</exception>
    /// <exception cref="TerminalException">Two rows have one key, or schema or protocol do not allow the merge.</exception>
    public async Task<MergeResult> RunAsync(DuckDbSession session, LakePath root, MergeRequest request, string invocation, CancellationToken cancellationToken)
    {
        var all = DeltaSchema.FromDuckDb(session.Describe(request.Select));
        if (request.DeleteColumn is { } column && all.Fields.FirstOrDefault(field => field.Name == column) is not { Type: PrimitiveType { Name: "boolean" } })
        {
            throw new TerminalException($"Rows of the table {root} are to be deleted by the column '{column}', which must be a BOOLEAN of the select; it has ({all}).");
        }

        return await new KeyedWrite(lake, cache, clock, writer).RunAsync(session, root, request, [], CollectAsync, invocation, cancellationToken);
    }

    // Key columns of the files that may hold a key first; all columns of those that do after that.
    private static async Task<long> CollectAsync(KeyedWrite.Collected work, CancellationToken cancellationToken)
    {
        var (session, changes, source, request, rows, schema, snapshot) = work;
        const string file = TableReader.FileNumber;
        const string row = TableReader.RowNumber;
        session.Execute($"CREATE OR REPLACE TABLE {Matched} (file INTEGER, source BIGINT)", cancellationToken);
        var (matched, missing) = (0L, 0L);
        var delete = request.DeleteColumn is { } column ? $"s.{Sql.Identifier(column)}" : "false";
        if (snapshot is not null)
        {
            var candidates = request.DeleteMissing ? [.. Enumerable.Range(0, snapshot.Files.Count)] : source.Candidates(snapshot, cancellationToken);
            matched = await changes.ScanAsync(candidates, $"INSERT INTO {Matched} SELECT t.{file}, s.rowid FROM {ChangeSet.Target} AS t JOIN {KeyedRows.Source} AS s ON {source.Match}", cancellationToken);
            if (request.DeleteMissing)
            {
                missing = await changes.ScanAsync(
                    candidates,
                    $"INSERT INTO {ChangeSet.Changes} ({file}, {row}, __delete) SELECT {file}, {row}, true FROM {ChangeSet.Target} AS t WHERE NOT EXISTS (SELECT 1 FROM {KeyedRows.Source} AS s WHERE {source.Match})",
                    cancellationToken);
            }

            var values = string.Join(", ", schema.Fields.Select(field => $"{(rows.Find(field.Name) is null ? "t" : "s")}.{Sql.Identifier(field.Name)}"));
            var equal = string.Join(" AND ", rows.Fields.Select(field => $"t.{Sql.Identifier(field.Name)} IS NOT DISTINCT FROM s.{Sql.Identifier(field.Name)}"));
            _ = await changes.ScanAsync(
                changes.Numbers($"SELECT DISTINCT file FROM {Matched} ORDER BY ALL"),
                $"INSERT INTO {ChangeSet.Changes} SELECT t.{file}, t.{row}, {delete}, {values} FROM {ChangeSet.Target} AS t JOIN {KeyedRows.Source} AS s ON {source.Match} WHERE {delete} OR NOT ({equal})",
                cancellationToken);
        }

        var added = string.Join(", ", schema.Fields.Select(field => rows.Find(field.Name) is null ? "NULL" : $"s.{Sql.Identifier(field.Name)}"));
        var changed = changes.Count($"{file} IS NOT NULL") - missing;
        session.Execute(
            $"INSERT INTO {ChangeSet.Changes} SELECT NULL, NULL, false, {added} FROM {KeyedRows.Source} AS s WHERE NOT {delete} AND NOT EXISTS (SELECT 1 FROM {Matched} AS m WHERE m.source = s.rowid) ORDER BY s.rowid",
            cancellationToken);
        return matched - changed;
    }
}
