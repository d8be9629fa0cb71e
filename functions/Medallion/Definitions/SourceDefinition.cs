using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Schemas.Sources;

namespace Pipeline.Medallion.Definitions;

/// <summary>One source: where it comes from, and the contract its rows are held to.</summary>
public sealed record SourceDefinition
{
    /// <summary>The name of its tables in bronze, silver and rejected.</summary>
    public required string Name { get; init; }

    /// <summary>How it is read: <c>file</c>, <c>sql</c>, <c>rest</c>, <c>webhook</c>, <c>table</c> or <c>eventhub</c>.</summary>
    public required string Connector { get; init; }

    /// <summary>How its events become rows; null: it is no stream.</summary>
    public StreamDefinition? Stream { get; init; }

    /// <summary>What it takes of a database; null: it is none of one.</summary>
    public SqlDefinition? Sql { get; init; }

    /// <summary>What it takes of an HTTP API; null: it is none of one.</summary>
    public RestDefinition? Rest { get; init; }

    /// <summary>What it takes of a table of Azure Storage or Cosmos DB; null: it is none of one.</summary>
    public TableDefinition? Table { get; init; }

    /// <summary>How it takes deliveries; null: nobody sends it any.</summary>
    public WebhookDefinition? Webhook { get; init; }

    /// <summary>The file of a web server that it takes; null: it takes none.</summary>
    public RemoteDefinition? Remote { get; init; }

    /// <summary>The name of the connection that it needs, in the app's settings; null: it needs none.</summary>
    public string? Connection => Sql?.Connection ?? Rest?.Connection ?? Table?.Connection ?? Webhook?.Connection ?? Remote?.Connection;

    /// <summary>A glob in the container <c>landing</c>: '*' and '?' within a segment, '**' over segments; or a URL. Empty for a source that is not of files.</summary>
    public required string Path { get; init; }

    /// <summary>The format of its files; null takes it from each file's name.</summary>
    public FileFormat? Format { get; init; }

    /// <summary>What a run takes of what is there.</summary>
    public LoadMode Load { get; init; }

    /// <summary>Columns of which silver keeps one row; empty keeps every row.</summary>
    public IReadOnlyList<string> Key { get; init; } = [];

    /// <summary>The column that tells which row of a key is the latest, before arrival does.</summary>
    public string? LatestBy { get; init; }

    /// <summary>The column that says that a row is deleted: true, not 0, or a time; null: no row says so.</summary>
    public string? Deleted { get; init; }

    /// <summary>What arrives, for people: <c>landing/northwind/orders*.json</c>, <c>webhooks/northwind/payments</c>, <c>sql/northwind/public.orders</c>, <c>rest/shop/orders</c>, <c>table/telemetry/Devices</c>, <c>https://example.com/orders.csv</c> or <c>eventhub/events</c>.</summary>
    public string Arrival => Stream is { } stream ? $"eventhub/{stream.Hub ?? "default"}" : Sql is { } sql ? $"sql/{sql.Name}"
        : Rest is { } rest ? $"rest/{rest.Name}"
        : Table is { } table ? $"table/{table.Name}"
        : Webhook is not null ? Path[..Path.IndexOf("/events/", StringComparison.Ordinal)]
        : Remote?.Name ?? $"landing/{Path}";

    /// <summary>How silver is partitioned.</summary>
    public PartitionDefinition? Partition { get; init; }

    /// <summary>The JSON Schema that says the contract, or most of it; null: there is none.</summary>
    public SchemaFile? Schema { get; init; }

    /// <summary>The contract; empty means that columns are detected.</summary>
    public IReadOnlyList<ColumnDefinition> Columns { get; init; } = [];

    /// <summary>What becomes of fields that the contract does not know; null: they stay in bronze, unless there is no contract.</summary>
    public SchemaEvolution? Evolution { get; init; }

    /// <summary>Whether columns are detected in the files.</summary>
    public bool IsDetected => Columns.Count == 0 || Evolution == SchemaEvolution.Evolve;

    /// <summary>Models, below <c>clusters</c>, that score its rows as they become silver; each gives silver four columns.</summary>
    public IReadOnlyList<string> Score { get; init; } = [];

    /// <summary>Where <see cref="Score"/> stands in pipeline.yaml.</summary>
    public SourceLine ScoreLine { get; init; }

    /// <summary>Rules over whole rows.</summary>
    public IReadOnlyList<RuleDefinition> Rules { get; init; } = [];

    /// <summary>Sums that must agree.</summary>
    public IReadOnlyList<SumRuleDefinition> Sums { get; init; } = [];

    /// <summary>What differs in the rules that follow from the columns.</summary>
    public IReadOnlyList<RuleAdjustment> Adjustments { get; init; } = [];

    /// <summary>What rows and batches are measured by.</summary>
    public QualityDefinition Quality { get; init; } = new();

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }
}

/// <summary>Formats of files; .gz and .zst are read as they are.</summary>
public enum FileFormat
{
    /// <summary>Separated values with a header.</summary>
    Csv,

    /// <summary>One array of objects, or one object.</summary>
    Json,

    /// <summary>One object a line.</summary>
    Ndjson,

    /// <summary>Apache Parquet.</summary>
    Parquet,
}

/// <summary>What a run takes of what is there.</summary>
public enum LoadMode
{
    /// <summary>New and changed files, or rows, only.</summary>
    Incremental,

    /// <summary>Bronze becomes what is there now.</summary>
    Full,
}

/// <summary>Partitions by parts of a date column.</summary>
public sealed record PartitionDefinition
{
    /// <summary>A date or timestamp column.</summary>
    public required string By { get; init; }

    /// <summary><c>year</c>, <c>month</c>, <c>day</c>: each becomes an integer column.</summary>
    public required IReadOnlyList<string> As { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }
}

/// <summary>One column of silver: where its value comes from, its type and what it must fulfil.</summary>
public sealed record ColumnDefinition
{
    /// <summary>The column's name in silver.</summary>
    public required string Name { get; init; }

    /// <summary>The raw column; null where <see cref="Expr"/> gives the value.</summary>
    public string? From { get; init; }

    /// <summary>SQL over the raw row, instead of <see cref="From"/>.</summary>
    public string? Expr { get; init; }

    /// <summary>The raw columns that <see cref="Expr"/> reads; known after compiling.</summary>
    public IReadOnlyList<string> Reads { get; init; } = [];

    /// <summary>A DuckDB type that Delta can hold; after compiling, as DuckDB writes it.</summary>
    public required string Type { get; init; }

    /// <summary>A row without a value is rejected.</summary>
    public bool Required { get; init; }

    /// <summary>The smallest value allowed, as text.</summary>
    public string? Min { get; init; }

    /// <summary>The largest value allowed, as text.</summary>
    public string? Max { get; init; }

    /// <summary>The values allowed, as text; empty allows all.</summary>
    public IReadOnlyList<string> In { get; init; } = [];

    /// <summary>A regular expression (RE2) that the whole text must match.</summary>
    public string? Pattern { get; init; }

    /// <summary>No two rows of the table have the same value.</summary>
    public bool Unique { get; init; }

    /// <summary>Where each value must be found; null: nowhere.</summary>
    public ColumnReference? References { get; init; }

    /// <summary>A date or time must not lie after the run's time.</summary>
    public bool NotFuture { get; init; }

    /// <summary>How a date or time is written, as strptime has it.</summary>
    public string? Format { get; init; }

    /// <summary>The value of a row that has none, as text.</summary>
    public string? Default { get; init; }

    /// <summary>One sentence for people.</summary>
    public string? Description { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }
}
