using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>A table that a SELECT reads under a name.</summary>
/// <param name="Schema">The view's schema in DuckDB.</param>
/// <param name="Name">The view's name.</param>
/// <param name="Snapshot">What to read.</param>
/// <param name="Root">The table's directory.</param>
public sealed record TableInput(string Schema, string Name, DeltaSnapshot Snapshot, LakePath Root)
{
    /// <summary>The rows that are read; null: all.</summary>
    public RowFilter? Rows { get; init; }
}

/// <summary>Rows whose column has a value.</summary>
/// <param name="Column">The column, of text.</param>
/// <param name="Value">The value.</param>
public sealed record RowFilter(string Column, string Value);

/// <summary>What is brought of a table to read it.</summary>
public sealed record PlannedInput
{
    /// <summary>The table.</summary>
    public required TableInput Table { get; init; }

    /// <summary>The columns that are brought; null: whole files.</summary>
    public IReadOnlySet<string>? Columns { get; init; }

    /// <summary>Its data files, or what the columns need of them.</summary>
    public required IReadOnlyList<CacheRequest> Files { get; init; }

    /// <summary>Whether its files are brought one by one while a query reads them, and again for every further reading.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>What it takes of scratch disk, all files together.</summary>
    public long Bytes => Files.Sum(file => file.DiskBytes);

    /// <summary>What it takes of scratch disk at a time.</summary>
    public long RoomBytes => IsStreamed ? Files.Select(file => file.DiskBytes).DefaultIfEmpty(0).Max() : Bytes;
}

/// <summary>Views that can be read until this is disposed.</summary>
public sealed class TableViews : IDisposable
{
    private readonly IReadOnlyList<RowStream> streams;

    internal TableViews(IReadOnlyList<RowStream> streams) => this.streams = streams;

    /// <summary>The local files that the views read; none where files are streamed.</summary>
    public IReadOnlyList<string> LocalFiles => Lease?.LocalFiles ?? [];

    /// <summary>Whether files are brought while a query reads them: such a session cannot be locked down, for nobody knows yet where they will lie.</summary>
    public bool IsStreamed => streams.Count > 0;

    /// <summary>The files that were brought; null where they are streamed.</summary>
    internal CacheLease? Lease { get; set; }

    /// <summary>What kept files from coming while a query read them; the query fails with its text only. Null: nothing.</summary>
    public LakehouseException? Failure => streams.Select(stream => stream.Failure).OfType<LakehouseException>().FirstOrDefault();

    /// <inheritdoc/>
    public void Dispose()
    {
        Lease?.Dispose();
        foreach (var stream in streams)
        {
            stream.Dispose();
        }
    }
}
