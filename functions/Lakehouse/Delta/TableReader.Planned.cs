using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>A table that a SELECT reads under a name.</summary>
/// <param name="Schema">The view's schema in DuckDB.</param>
/// <param name="Name">The view's name.</param>
/// <param name="Snapshot">What to read.</param>
/// <param name="Root">The table's directory.</param>
public sealed record TableInput(string Schema, string Name, DeltaSnapshot Snapshot, LakePath Root);

/// <summary>What is brought of a table to read it.</summary>
public sealed record PlannedInput
{
    /// <summary>The table.</summary>
    public required TableInput Table { get; init; }

    /// <summary>The columns that are brought; null: whole files.</summary>
    public IReadOnlySet<string>? Columns { get; init; }

    /// <summary>Its data files, or what the columns need of them.</summary>
    public required IReadOnlyList<CacheRequest> Files { get; init; }

    /// <summary>What it takes of scratch disk.</summary>
    public long Bytes => Files.Sum(file => file.DiskBytes);
}

/// <content>Tables that a SELECT reads together: whole where they fit in the cache, otherwise only the columns that it uses.</content>
public sealed partial class TableReader
{
    /// <summary>Plans what to bring of the tables. It reads no data, and of files that do not fit whole their footers.</summary>
    /// <param name="session">Has afterwards no view of the tables' names.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="select">One SELECT over them.</param>
    /// <param name="cancellationToken">Ends the reading of footers.</param>
    /// <returns>The tables in order. Together they may still exceed the cache.</returns>
    /// <exception cref="TerminalException">The SELECT cannot be bound, or a file is gone or lies elsewhere.</exception>
    public async Task<IReadOnlyList<PlannedInput>> PlanAsync(DuckDbSession session, IReadOnlyList<TableInput> tables, string select, CancellationToken cancellationToken)
    {
        var whole = tables.Select(table => new PlannedInput { Table = table, Files = Requests(table.Snapshot, table.Root) }).ToList();
        if (whole.Sum(table => table.Bytes) <= cache.LimitBytes)
        {
            return whole;
        }

        var used = UsedColumns.Of(session, select, [.. tables.Select(table => (new TableName(table.Schema, table.Name), Columns(table.Snapshot.Schema)))]);
        var planned = new List<PlannedInput>();
        foreach (var (table, columns) in whole.Zip(used))
        {
            var files = columns.Count == table.Table.Snapshot.Schema.Fields.Count ? table.Files : await ColumnFiles.NarrowAsync(cache.Lake, session, table.Files, columns, cancellationToken);
            planned.Add(table with { Columns = columns, Files = files });
        }

        return planned;
    }

    /// <summary>Brings what was planned, all of it at once and within the cache's bound, waiting for room if need be, and creates the views. They can be read until the lease
    /// is disposed; a column that was not brought fails the query that reads it.</summary>
    /// <param name="session">Gets the views.</param>
    /// <param name="planned">What <see cref="PlanAsync"/> gave.</param>
    /// <param name="cancellationToken">Ends the waiting and the downloads.</param>
    /// <exception cref="TerminalException">A file is gone, or the files together exceed the cache.</exception>
    /// <exception cref="TransientException">There was no room for long.</exception>
    public async Task<CacheLease> CreateViewsAsync(DuckDbSession session, IReadOnlyList<PlannedInput> planned, CancellationToken cancellationToken)
    {
        var lease = await cache.AcquireInTurnAsync([.. planned.SelectMany(table => table.Files)], cancellationToken);
        try
        {
            var first = 0;
            foreach (var input in planned)
            {
                var files = lease.LocalFiles.Skip(first).Take(input.Files.Count).ToList();
                first += files.Count;
                CreateView(session, input.Table.Schema, input.Table.Name, Select(session, input.Table.Snapshot, files, "", "", input.Columns), cancellationToken);
            }

            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    private static IReadOnlyList<DuckDbColumn> Columns(DeltaSchema schema) => [.. schema.Fields.Select(field => new DuckDbColumn(field.Name, DeltaTypes.ToDuckDb(field.Type)))];
}
