using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Mart;

/// <summary>A table at the version that a question is answered of.</summary>
/// <param name="Pipeline">Whose it is.</param>
/// <param name="Key">Its name.</param>
/// <param name="Snapshot">Its files at that version.</param>
internal sealed record MartTable(string Pipeline, TableKey Key, DeltaSnapshot Snapshot)
{
    /// <summary>Its columns.</summary>
    public MartColumns Columns { get; } = MartColumns.Of(Key.ToString(), Snapshot.Schema);

    /// <summary>As a SELECT names it.</summary>
    public TableInput Input => new(Key.Layer, Key.Name, Snapshot, LakeTables.Root(Pipeline, Key));

    /// <summary>Tells the version apart from all others, also from the same number of a table that was deleted and made anew.</summary>
    public string Tag => $"{Pipeline}/{Key}@{Snapshot.Version}-{Snapshot.TableId}";

    /// <summary>Finds a table of a pipeline.</summary>
    /// <exception cref="QueryException">It is no table's name, or more than one version is asked for.</exception>
    /// <exception cref="UnknownTableException">There is no such table, or no such version of it.</exception>
    public static async Task<MartTable> FindAsync(TableCatalog catalog, string pipeline, string from, long? version, DateTimeOffset? asOf, CancellationToken cancellationToken)
    {
        var key = TableKey.TryParse(from, out var parsed)
            ? parsed
            : throw new QueryException($"'from' is '{MartColumns.Echo(from)}': expected a table, layer.name with layer one of {string.Join(", ", TableKey.Layers)}.");
        return version is not null && asOf is not null
            ? throw new QueryException("The question asks for a version by 'version' and by 'asOf': leave out one of them.")
            : new MartTable(pipeline, key, await catalog.SnapshotAsync(pipeline, key, new PointInTime { Number = version, AsOf = asOf }, cancellationToken));
    }
}
