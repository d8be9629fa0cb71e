using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Keeps the history of rows by key (a slowly changing dimension of type 2): one row for each state a key was in, from <c>valid_from</c> until
/// <c>valid_to</c> (exclusive; null is still), the newest with <c>is_current</c>.</summary>
/// <remarks>The table is the same whatever order and batches the changes came in. Equal states that follow one another are one row; at which sequences they were
/// seen is kept in <c>observed</c>, so that a late change can part them again. A key's end is a row with <c>is_deleted</c>, nulls and no <c>is_current</c>, so
/// that changes from before and after it find their place: leave such rows out when asking what was. Only files with a row that changes are written anew.</remarks>
/// <param name="lake">Where the table lies.</param>
/// <param name="cache">Holds files while they are read: room for the largest file, and for 256 MiB.</param>
/// <param name="clock">Gives the commit its time.</param>
/// <param name="writer">Writes the files; null: files of 256 MiB, none kept in the cache.</param>
public sealed class DeltaHistory(ILake lake, FileCache cache, TimeProvider clock, DataFileWriter? writer = null)
{
    private const string Old = $"{ChangeSet.Schema}.old";
    private const string News = $"{ChangeSet.Schema}.news";
    private const string States = $"{ChangeSet.Schema}.states";
    private static readonly string[] Own = ["valid_from", "valid_to", "is_current", "is_deleted", "observed"];

    /// <summary>Brings changes in; the table is created if it is not there. Changes that are in it already change nothing.</summary>
    /// <param name="session">Holds the rows and runs the select.</param>
    /// <param name="root">The table's directory.</param>
    /// <param name="request">What to bring in.</param>
    /// <param name="invocation">Unique to this attempt: it is part of the files' names.</param>
    /// <param name="cancellationToken">Ends it; without the commit nothing has changed.</param>
    /// <exception cref="StaleRunException">The table holds a newer version of the request's transaction.</exception>
    /// <exception cref="TransientException">A commit in between makes this one void: the files written are void too.</exception>
    /// <exception cref="TerminalException">A key has two states at one sequence, a key or sequence is null, or schema or protocol do not allow the change.</exception>
    public async Task<MergeResult> RunAsync(DuckDbSession session, LakePath root, HistoryRequest request, string invocation, CancellationToken cancellationToken)
    {
        var merge = new MergeRequest
        {
            Select = Columns(session, request),
            RequireKey = true,
            Overwrite = request.Overwrite,
            Key = request.Key,
            Widen = request.Widen,
            CommitUnchanged = request.CommitUnchanged,
            PartitionColumns = request.PartitionColumns,
            Operation = "HISTORY",
            Transaction = request.Transaction,
            Domain = request.Domain,
            Description = request.Description,
            Metrics = request.Metrics,
        };
        return await new KeyedWrite(lake, cache, clock, writer).RunAsync(session, root, merge, ["valid_from"], CollectAsync, invocation, cancellationToken);
    }

    /// <summary>Whether a table with these columns is a history.</summary>
    public static bool IsHistory(DeltaSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return Own.All(column => schema.Find(column) is not null);
    }

    /// <summary>A SELECT with the columns that the history of a request has, and each change as a history of one state.</summary>
    /// <exception cref="TerminalException">A column that is needed is missing, or one has a name of the history's own.</exception>
    public static string Columns(DuckDbSession session, HistoryRequest request)
    {
        var columns = session.Describe(request.Select);
        foreach (var needed in request.Key.Append(request.SequenceColumn).Append(request.DeleteColumn).OfType<string>())
        {
            if (columns.FirstOrDefault(column => column.Name == needed) is not { } found)
            {
                throw new TerminalException($"A history needs the column '{needed}', which is not in the select: ({string.Join(", ", columns.Select(column => column.Name))}).");
            }

            if (needed == request.DeleteColumn && found.Type != "BOOLEAN")
            {
                throw new TerminalException($"The history ends keys by the column '{needed}', a {found.Type}; expected a BOOLEAN.");
            }
        }

        string[] given = [.. columns.Select(column => column.Name).Where(name => name != request.SequenceColumn && name != request.DeleteColumn)];
        if (given.FirstOrDefault(name => Own.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } taken)
        {
            throw new TerminalException($"The select for a history has a column '{taken}', which is one of the history's own ({string.Join(", ", Own)}). Give it another name.");
        }

        var sequence = Sql.Identifier(request.SequenceColumn);
        var deleted = request.DeleteColumn is { } column ? $"coalesce({Sql.Identifier(column)}, false)" : "false";
        var values = given.Select(name => request.Key.Contains(name) ? Sql.Identifier(name) : $"CASE WHEN NOT {deleted} THEN {Sql.Identifier(name)} END AS {Sql.Identifier(name)}");
        return $"SELECT DISTINCT {string.Join(", ", values)}, {sequence} AS valid_from, nullif({sequence}, {sequence}) AS valid_to, NOT {deleted} AS is_current, {deleted} AS is_deleted, [{sequence}] AS observed FROM (\n{request.Select}\n)";
    }

    private static async Task<long> CollectAsync(KeyedWrite.Collected work, CancellationToken cancellationToken)
    {
        const string file = TableReader.FileNumber;
        const string row = TableReader.RowNumber;
        var (session, changes, source, request, rows, schema, snapshot) = work;
        var sql = new HistorySql(request.Key, schema, Own, rows);
        session.Execute($"CREATE TABLE {Old} AS SELECT {file}, {row}, {changes.Columns} FROM {ChangeSet.Changes} WHERE false", cancellationToken);
        if (snapshot is not null)
        {
            _ = await changes.ScanAsync(
                source.Candidates(snapshot, cancellationToken),
                $"INSERT INTO {Old} SELECT {file}, {row}, {changes.Columns} FROM {ChangeSet.Target} AS t WHERE EXISTS (SELECT 1 FROM {KeyedRows.Source} AS s WHERE {source.Match})",
                cancellationToken);
        }

        RequireOneState(session, sql, request.Key, cancellationToken);
        session.Execute($"CREATE TABLE {News} AS {sql.News(KeyedRows.Source, Old)}; CREATE TABLE {States} AS {sql.States(Old, News)}", cancellationToken);
        session.Execute(
            $"INSERT INTO {ChangeSet.Changes} SELECT t.{file}, t.{row}, s.valid_from IS NULL, {sql.Columns("s")} FROM {Old} AS t LEFT JOIN {States} AS s ON {source.Match} AND t.valid_from = s.valid_from "
                + $"WHERE EXISTS (SELECT 1 FROM {News} AS n WHERE {sql.SameKey("n", "t")}) AND (s.valid_from IS NULL OR NOT ({sql.Same("t", "s")}))",
            cancellationToken);
        session.Execute(
            $"INSERT INTO {ChangeSet.Changes} SELECT NULL, NULL, false, {sql.Columns("s")} FROM {States} AS s WHERE NOT EXISTS (SELECT 1 FROM {Old} AS t WHERE {source.Match} AND t.valid_from = s.valid_from) "
                + $"ORDER BY {sql.Key("s")}, s.valid_from",
            cancellationToken);
        return session.Scalar<long>($"SELECT (SELECT count(*) FROM {KeyedRows.Source}) - (SELECT count(*) FROM {News})", cancellationToken);
    }

    private static void RequireOneState(DuckDbSession session, HistorySql sql, IReadOnlyList<string> key, CancellationToken cancellationToken)
    {
        using var other = session.Query(sql.Contradictions(KeyedRows.Source, Old), cancellationToken);
        if (other.Read())
        {
            throw new TerminalException($"A row that comes has {string.Join(" and ", key.Select((column, index) => $"{column} = {other[index + 1]}"))} at {other[0]}, where the history has another state of that key; expected one "
                + "state of a key at a time. Give the change a later sequence. Nothing was committed.");
        }
    }
}
