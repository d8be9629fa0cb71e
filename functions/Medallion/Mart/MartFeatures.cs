using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Mart.Features;

namespace Pipeline.Medallion.Mart;

/// <summary>The features of all rows of a table at one version, and the keys of these rows, for a model that learns from them.</summary>
internal sealed class MartFeatures(MartTable table, MartReading reading, string select, FittedFeatures fitted, IReadOnlyList<string> key) : IDisposable
{
    /// <summary>How they were made.</summary>
    public FittedFeatures Fitted => fitted;

    /// <summary>The table's version.</summary>
    public long Version => table.Snapshot.Version;

    /// <summary>The types of the table's columns, by name.</summary>
    public IReadOnlyList<DuckDbColumn> ColumnsOf(IEnumerable<string> names) => [.. names.Select(name => table.Columns.Find(name, "features")).Select(c => new DuckDbColumn(c.Name, c.Type))];

    /// <summary>Reads the features, in the rows' order.</summary>
    public T Read<T>(Func<DuckDbResult, CancellationToken, T> read) => reading.Do(() =>
    {
        using var result = reading.Session.Query(select, reading.Token);
        return read(result, reading.Token);
    });

    /// <summary>Writes the rows' keys to a Parquet file, in the same order; the caller deletes it.</summary>
    public void WriteKeys(string path)
    {
        // A locked session writes to its own folder only.
        var own = Path.Combine(reading.Session.TempDirectory, Path.GetRandomFileName());
        var columns = string.Join(", ", key.Select(k => table.Columns.Find(k, "key").Sql));
        reading.Do(() => reading.Session.Execute($"copy (select {columns} from {table.Key.Layer}.{Sql.Identifier(table.Key.Name)}) to {Sql.Literal(own)} (format parquet)", reading.Token));
        File.Move(own, path);
    }

    /// <inheritdoc/>
    public void Dispose() => reading.Dispose();
}
