using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Rows of a table to replace, delete or add, collected in a session by file and row; then the files that hold them are written anew.</summary>
/// <remarks>Files are read in batches, so that the cache need never hold the whole table.</remarks>
internal sealed class ChangeSet : IDisposable
{
    /// <summary>The view over the files of a batch.</summary>
    public const string Target = $"{Schema}.target";

    /// <summary>The table of changes: file and row (null: a row to add), whether to delete, then the table's columns.</summary>
    public const string Changes = $"{Schema}.changes";

    /// <summary>The schema that holds both, gone with this.</summary>
    public const string Schema = "__change";

    private const long BatchBytes = 256L << 20;

    // DuckDB has a row's place in columns of these names, unless the file has its own.
    private static readonly string[] Reserved = ["file_index", "file_row_number", TableReader.FileNumber, TableReader.RowNumber];

    private readonly DuckDbSession session;
    private readonly FileCache cache;
    private readonly DeltaSnapshot snapshot;
    private readonly LakePath root;

    /// <param name="session">Holds the changes.</param>
    /// <param name="cache">Must have room for the largest file, and for 256 MiB.</param>
    /// <param name="snapshot">The table as it is, but with the schema that it is to have.</param>
    /// <param name="root">The table's directory.</param>
    public ChangeSet(DuckDbSession session, FileCache cache, DeltaSnapshot snapshot, LakePath root)
    {
        if (snapshot.Schema.Fields.FirstOrDefault(field => Reserved.Contains(field.Name, StringComparer.OrdinalIgnoreCase)) is { } taken)
        {
            throw new TerminalException($"The table {root} has a column '{taken.Name}', a name that changing single rows needs itself ({string.Join(", ", Reserved)}). Rename the column by an overwrite.");
        }

        (this.session, this.cache, this.snapshot, this.root) = (session, cache, snapshot, root);
        var columns = string.Join(", ", snapshot.Schema.Fields.Select(field => $"{Sql.Identifier(field.Name)} {DeltaTypes.ToDuckDb(field.Type)}"));
        session.Execute($"DROP SCHEMA IF EXISTS {Schema} CASCADE; CREATE SCHEMA {Schema}; "
            + $"CREATE TABLE {Changes} ({TableReader.FileNumber} INTEGER, {TableReader.RowNumber} BIGINT, __delete BOOLEAN, {columns})");
    }

    /// <summary>The table's columns.</summary>
    public string Columns => string.Join(", ", snapshot.Schema.Fields.Select(column => Sql.Identifier(column.Name)));

    /// <summary>Runs statements over the view of some files, batch by batch.</summary>
    /// <returns>The changed rows that the last statements report, together.</returns>
    public async Task<long> ScanAsync(IEnumerable<int> files, string sql, CancellationToken cancellationToken)
    {
        var rows = 0L;
        foreach (var batch in Batches(files))
        {
            using var lease = await ViewAsync(batch, cancellationToken);
            rows += session.Execute(sql, cancellationToken);
        }

        return rows;
    }

    /// <summary>Numbers of files with a row to change.</summary>
    public IReadOnlyList<int> TouchedFiles() => Numbers($"SELECT DISTINCT {TableReader.FileNumber} FROM {Changes} WHERE {TableReader.FileNumber} IS NOT NULL ORDER BY ALL");

    /// <summary>The first column of a query.</summary>
    public IReadOnlyList<int> Numbers(string sql)
    {
        using var result = session.Query(sql);
        return [.. result.Rows().Select(row => Convert.ToInt32(row[0], CultureInfo.InvariantCulture))];
    }

    /// <summary>Writes files anew with their rows changed, in the order they had; added rows come last.</summary>
    /// <exception cref="TerminalException">What was written is not as many rows as there must be.</exception>
    public async Task<IReadOnlyList<AddFile>> WriteAsync(DataFileWriter writer, IReadOnlyList<int> files, string invocation, CancellationToken cancellationToken)
    {
        var added = new List<AddFile>();
        var before = 0L;
        var batches = Batches(files).ToList();
        for (var number = 0; number < batches.Count; number++)
        {
            using var lease = await ViewAsync(batches[number], cancellationToken);
            before += session.Scalar<long>($"SELECT count(*) FROM {Target}", cancellationToken);
            var kept = $"SELECT {Columns}, {TableReader.FileNumber}, {TableReader.RowNumber} FROM {Target} AS t WHERE NOT EXISTS (SELECT 1 FROM {Changes} AS c "
                + $"WHERE c.{TableReader.FileNumber} = t.{TableReader.FileNumber} AND c.{TableReader.RowNumber} = t.{TableReader.RowNumber})";
            var changed = $"SELECT {Columns}, {TableReader.FileNumber}, coalesce({TableReader.RowNumber}, rowid) FROM {Changes} WHERE NOT __delete AND ({TableReader.FileNumber} IN "
                + $"({string.Join(", ", batches[number])}){(number == batches.Count - 1 ? $" OR {TableReader.FileNumber} IS NULL" : "")})";
            added.AddRange(await WriteAsync(writer, $"{kept} UNION ALL {changed}", $"{invocation}-{number}", cancellationToken));
        }

        if (batches.Count == 0)
        {
            added.AddRange(await WriteAsync(writer, $"SELECT {Columns}, {TableReader.FileNumber}, rowid AS {TableReader.RowNumber} FROM {Changes} WHERE {TableReader.FileNumber} IS NULL", invocation, cancellationToken));
        }

        var expected = before + Count($"{TableReader.FileNumber} IS NULL") - Count("__delete");
        return added.Sum(file => file.Statistics?.Rows) == expected
            ? added
            : throw new TerminalException($"{added.Sum(file => file.Statistics?.Rows)} rows were written for {files.Count} files of the table {root}; expected {expected}. Nothing was committed.");
    }

    /// <summary>How many changes are such.</summary>
    public long Count(string condition) => session.Scalar<long>($"SELECT count(*) FROM {Changes} WHERE {condition}");

    /// <inheritdoc/>
    public void Dispose() => session.Execute($"DROP SCHEMA IF EXISTS {Schema} CASCADE");

    private Task<IReadOnlyList<AddFile>> WriteAsync(DataFileWriter writer, string rows, string invocation, CancellationToken cancellationToken) =>
        writer.WriteAsync(
            session,
            $"SELECT {Columns} FROM ({rows}) ORDER BY {TableReader.FileNumber} NULLS LAST, {TableReader.RowNumber}",
            root,
            snapshot.PartitionColumns,
            invocation,
            cancellationToken);

    private Task<CacheLease> ViewAsync(IReadOnlyList<int> files, CancellationToken cancellationToken) =>
        new TableReader(cache).CreateNumberedViewAsync(session, Schema, "target", snapshot with { Files = [.. files.Select(file => snapshot.Files[file])] }, root, files, cancellationToken);

    private IEnumerable<IReadOnlyList<int>> Batches(IEnumerable<int> files)
    {
        var batch = new List<int>();
        var bytes = 0L;
        foreach (var file in files)
        {
            if (batch.Count > 0 && bytes + snapshot.Files[file].SizeBytes > BatchBytes)
            {
                yield return batch;
                (batch, bytes) = ([], 0);
            }

            batch.Add(file);
            bytes += snapshot.Files[file].SizeBytes;
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
