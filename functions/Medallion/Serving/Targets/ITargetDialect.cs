using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>How a kind of database is served. What a method wrote is there as a whole, with its record, or not at all, whenever the process or the connection dies.</summary>
internal interface ITargetDialect
{
    /// <summary>What a connection string says in <c>Provider=</c>.</summary>
    string Provider { get; }

    /// <summary>The statement that lets other writers at the target; empty: the end of the transaction does.</summary>
    string Release => "";

    /// <summary>Whether texts that differ only by spaces at their end are the same key.</summary>
    bool PadsTexts => false;

    /// <summary>What becomes of a column.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type, as DuckDB writes it.</param>
    /// <param name="sharing">How many columns the largest index has that it is in; 0: it is in none.</param>
    TargetColumn Map(string name, string type, int sharing);

    /// <summary>Keeps every other writer off the target until the connection or the transaction ends, and looks at it.</summary>
    Task<TargetState> BeginAsync(TargetDatabase database, TargetTable table, CancellationToken cancellationToken);

    /// <summary>Makes the target from all rows.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">What the target is to be like.</param>
    /// <param name="state">What it is.</param>
    /// <param name="record">What is to be remembered.</param>
    /// <param name="rows">Gives the rows, with the columns of <paramref name="table"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task ReplaceAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, Func<DuckDbResult> rows, CancellationToken cancellationToken);

    /// <summary>Writes rows by key, and deletes others.</summary>
    /// <param name="database">The database.</param>
    /// <param name="table">What the target is to be like: what it is, or with columns added.</param>
    /// <param name="state">What it is.</param>
    /// <param name="record">What is to be remembered.</param>
    /// <param name="changed">Gives the rows that are new or changed, with the columns of <paramref name="table"/>.</param>
    /// <param name="gone">Gives the keys that are gone, with the columns of its key.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task UpsertAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, Func<DuckDbResult> changed, Func<DuckDbResult> gone, CancellationToken cancellationToken);

    /// <summary>Remembers only that the target holds this version too.</summary>
    Task NoteAsync(TargetDatabase database, TargetTable table, TargetState state, ServedRecord record, CancellationToken cancellationToken);
}

/// <summary>A target as it is found.</summary>
internal sealed record TargetState
{
    /// <summary>The schema that it is in.</summary>
    public required string Schema { get; init; }

    /// <summary>Whether there is a table of its name.</summary>
    public required bool Exists { get; init; }

    /// <summary>What it holds; null: nobody remembers.</summary>
    public ServedRecord? Record { get; init; }

    /// <summary>What would be lost or broken if another table took its place; empty: nothing.</summary>
    public string Dependents { get; init; } = "";
}
