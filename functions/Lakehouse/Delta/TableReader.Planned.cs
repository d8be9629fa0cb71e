using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <content>Tables that a SELECT reads together: whole where they fit in the cache, otherwise only the columns that it uses; file by file where not even those fit.</content>
public sealed partial class TableReader
{
    /// <summary>Plans what to bring of the tables. It reads no data, and of files that do not fit whole their footers.</summary>
    /// <param name="session">Has afterwards no view of the tables' names.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="select">One SELECT over them.</param>
    /// <param name="cancellationToken">Ends the reading of footers.</param>
    /// <returns>The tables in order.</returns>
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
        foreach (var (table, wanted) in whole.Zip(used))
        {
            IReadOnlySet<string> columns = table.Table.Rows is { } filter ? wanted.Append(filter.Column).ToHashSet(StringComparer.OrdinalIgnoreCase) : wanted;
            var files = columns.Count == table.Table.Snapshot.Schema.Fields.Count ? table.Files : await ColumnFiles.NarrowAsync(cache.Lake, session, table.Files, columns, cancellationToken);
            planned.Add(table with { Columns = columns, Files = files });
        }

        return planned.Sum(table => table.Bytes) <= cache.LimitBytes ? planned : planned.ConvertAll(table => table with { IsStreamed = true });
    }

    /// <summary>Creates the views. What is not streamed is brought at once, within the cache's bound, waiting for room if need be; a streamed file waits for its room while a query
    /// runs, and nothing is kept meanwhile. A column that was not brought fails the query that reads it.</summary>
    /// <param name="session">Gets the views; the result is to be disposed before it.</param>
    /// <param name="planned">What <see cref="PlanAsync"/> gave.</param>
    /// <param name="cancellationToken">Ends the waiting and the downloads, also those of queries.</param>
    /// <exception cref="TerminalException">A file is gone, or the files together exceed the cache.</exception>
    /// <exception cref="TransientException">There was no room for long.</exception>
    public async Task<TableViews> CreateViewsAsync(DuckDbSession session, IReadOnlyList<PlannedInput> planned, CancellationToken cancellationToken)
    {
        var streams = new List<RowStream>();
        var views = new TableViews(streams);
        try
        {
            if (!planned.Any(table => table.IsStreamed))
            {
                views.Lease = await cache.AcquireInTurnAsync([.. planned.SelectMany(table => table.Files)], cancellationToken);
            }

            var first = 0;
            foreach (var input in planned)
            {
                var files = views.Lease?.LocalFiles.Skip(first).Take(input.Files.Count).ToList() ?? [];
                first += files.Count;
                var select = input.IsStreamed ? Stream(session, input, streams, cancellationToken) : Select(session, input.Table.Snapshot, files, "", "", input.Columns);
                select = input.Table.Rows is { } filter ? $"SELECT * FROM ({select}) WHERE {Sql.Identifier(filter.Column)} = {Sql.Literal(filter.Value)}" : select;
                CreateView(session, input.Table.Schema, input.Table.Name, select, cancellationToken);
            }

            return views;
        }
        catch
        {
            views.Dispose();
            throw;
        }
    }

    private string Stream(DuckDbSession session, PlannedInput input, List<RowStream> streams, CancellationToken cancellationToken)
    {
        var fields = input.Table.Snapshot.Schema.Fields;
        var used = fields.Where(field => input.Columns?.Contains(field.Name) != false).ToList();
        var (list, shape) = used.Count == 0
            ? ("true", "SELECT true")
            : (string.Join(", ", used.Select(field => Sql.Identifier(field.Name))), $"SELECT {string.Join(", ", used.Select(field => Column(field, "NULL")))}");
        streams.Add(RowStream.Define(session, shape, input.Table.Snapshot.Rows, () => Rows(session, input, list, cancellationToken).GetEnumerator()));
        return $"SELECT {string.Join(", ", fields.Select(field => Column(field, used.Contains(field) ? Sql.Identifier(field.Name) : NotBrought(field))))} FROM {streams[^1].Name}()";
    }

    private IEnumerable<DuckDbChunk> Rows(DuckDbSession session, PlannedInput input, string list, CancellationToken cancellationToken)
    {
        using var beside = session.Beside();
        foreach (var (file, request) in input.Table.Snapshot.Files.Zip(input.Files))
        {
            using var lease = Bring(request, cancellationToken);
            using var rows = beside.Query($"SELECT {list} FROM ({Select(beside, input.Table.Snapshot with { Files = [file] }, lease.LocalFiles, "", "", input.Columns)})", cancellationToken);
            while (rows.NextChunk() is { } chunk)
            {
                yield return chunk;
            }
        }
    }

    // A thread of DuckDB waits here. It has no file meanwhile, so that it keeps no other from its own.
#pragma warning disable CA2000 // The caller disposes the lease.
    private CacheLease Bring(CacheRequest file, CancellationToken cancellationToken) => cache.AcquireInTurnAsync([file], cancellationToken).GetAwaiter().GetResult();
#pragma warning restore CA2000

    private static string NotBrought(DeltaField field) => $"error({Sql.Literal($"The column {field.Name} was not brought: the plan did not name it.")})";

    private static IReadOnlyList<DuckDbColumn> Columns(DeltaSchema schema) => [.. schema.Fields.Select(field => new DuckDbColumn(field.Name, DeltaTypes.ToDuckDb(field.Type)))];
}
