using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.Medallion.Mart;

/// <summary>The features of all rows of a table at one version, and the keys of these rows, for a model that learns from them.</summary>
internal sealed class MartFeatures(MartTable table, MartReading reading, string select, FittedFeatures fitted, FeatureQuery query) : IDisposable
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

    /// <summary>Writes the features to a Parquet file, in the rows' order; the caller deletes it.</summary>
    public void Write(string path) => Write(select, path);

    /// <summary>Writes the rows' keys to a Parquet file, in the same order; the caller deletes it.</summary>
    public void WriteKeys(string path)
    {
        var where = query.Where is { } filter ? $" where {FilterSql.Of(filter, table.Columns, "where")}" : "";
        Write($"select {string.Join(", ", query.Key.Select(k => table.Columns.Find(k, "key").Sql))} from {table.Key.Layer}.{Sql.Identifier(table.Key.Name)}{where}", path);
    }

    /// <inheritdoc/>
    public void Dispose() => reading.Dispose();

    // A locked session writes to its own folder only.
    private void Write(string rows, string path)
    {
        var own = Path.Combine(reading.Session.TempDirectory, Path.GetRandomFileName());
        reading.Do(() => reading.Session.Execute($"copy ({rows}) to {Sql.Literal(own)} (format parquet)", reading.Token));
        File.Move(own, path);
    }
}
