namespace Pipeline.Medallion.Definitions;

/// <summary>A table that a database gets a copy of.</summary>
public sealed record ServeDefinition
{
    /// <summary>The table of silver or gold.</summary>
    public required TableKey Table { get; init; }

    /// <summary>The name of the connection in the app's settings (<c>Connections__NAME</c>).</summary>
    public required string Connection { get; init; }

    /// <summary>The table of the database, with its schema or without.</summary>
    public required string Target { get; init; }

    /// <summary>How the target comes to hold what the table holds.</summary>
    public ServeMode Mode { get; init; }

    /// <summary>The columns of which there is one row each: the target's primary key; empty: it has none.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>Whether the table's own definition sees to it that there is one row each.</summary>
    public bool IsKeyOfTable { get; init; }

    /// <summary>The columns of each further index.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Indexes { get; init; } = [];

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }

    /// <summary>The step's name.</summary>
    public TableKey Step => new(TableKey.Serve, Table.Name);

    /// <summary>Where the rows go, for people: <c>warehouse/analytics.customer_sales</c>.</summary>
    public string Arrival => $"{Connection}/{Target}";

    /// <summary>What it names of the table's columns that is none.</summary>
    internal IEnumerable<string> Unknown(IReadOnlyCollection<string> columns) =>
        Key.Select(c => (Column: c, Key: "key")).Concat(Indexes.SelectMany(i => i).Select(c => (Column: c, Key: "indexes"))).Where(n => !columns.Contains(n.Column))
            .Select(n => $"'{n.Key}' of the served table '{Table}' names '{n.Column}', which is not one of its columns: {string.Join(", ", columns)}");
}

/// <summary>How a target comes to hold what its table holds.</summary>
public enum ServeMode
{
    /// <summary>Another table takes its place.</summary>
    Replace,

    /// <summary>Rows that changed are written by key, rows that are gone are deleted.</summary>
    Upsert,
}
