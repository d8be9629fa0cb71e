namespace Pipeline.Medallion.Definitions;

/// <summary>The keys that pipeline.yaml may have. A test holds pipeline.schema.json against them.</summary>
internal static class PipelineKeys
{
    public static readonly string[] File = ["name", "description", "schedule", "sources", "models", "metrics", "aggregates", "maintenance", "quality", "serve", "rfm", "clusters", "forecasts", "predictions", "anomalies"];

    public static readonly string[] Source = ["connector", "hub", "land", "path", "format", "connection", "table", "query", "filter", "webhook", "load", "cursor", "lookback", "split_by", "rest", "key", "latest_by", "deleted", "partition", "schema", "evolution", "columns", "score", "rules", "quality"];

    /// <summary>Of these only a source of files has any.</summary>
    public static readonly string[] Files = ["path", "format", "load"];

    /// <summary>Of these only a source of a database has any.</summary>
    public static readonly string[] Database = ["table", "query", "cursor", "lookback", "split_by"];

    /// <summary>Of these only an incremental load of a database has any.</summary>
    public static readonly string[] Increment = ["cursor", "lookback", "split_by"];

    /// <summary>Of these of a database a source of an HTTP API has some too.</summary>
    public static readonly string[] DatabaseAndRest = ["cursor", "lookback"];

    /// <summary>Of these of a database a source of tables has some too.</summary>
    public static readonly string[] DatabaseAndTable = ["table", "lookback"];

    public static readonly string[] RestRequest = ["path", "method", "query", "headers", "body", "records", "since", "since_format", "parameters", "pages", "rate"];

    /// <summary>Of these only an incremental load of an API has any.</summary>
    public static readonly string[] RestIncrement = ["since", "since_format"];

    public static readonly string[] RestPages = ["by", "parameter", "first", "next", "more", "verify", "max"];

    /// <summary>Of these only a stream has any.</summary>
    public static readonly string[] Stream = ["hub", "land"];

    /// <summary>Connectors whose sources name a connection; those of files for a URL.</summary>
    public static readonly string[] Connected = [FileConnector, Sql, Rest, WebhookConnector, TableConnector];

    public static readonly string[] Webhook = ["scheme", "tolerance"];

    public static readonly string[] Partition = ["by", "as"];

    public static readonly string[] PartitionParts = ["year", "month", "day"];

    public static readonly string[] Column = ["from", "expr", "type", "required", "min", "max", "in", "pattern", "unique", "references", "not_future", "format", "default", "description"];

    public static readonly string[] Rule = ["id", "dimension", "when", "weight", "at_most", "sum", "equals", "within", "expect", "otherwise"];

    public static readonly string[] Model = ["key", "description", "columns", "incremental", "delete", "requires", "history"];

    public static readonly string[] ModelColumn = ["description"];

    public static readonly string[] History = ["sequence", "delete"];

    public static readonly string[] Metric = ["from", "expr", "unit", "description"];

    public static readonly string[] Aggregate = ["from", "time", "window", "lateness", "by", "values", "mode", "description"];

    public static readonly string[] Schedule = ["cron", "time_zone", "missed"];

    public static readonly string[] Maintenance = ["retention", "optimize", "target_size"];

    public static readonly string[] Quality = ["gold", "silver", "gold_row", "floor", "below", "expected_every", "age_of", "weights"];

    public static readonly string[] Serve = ["connection", "table", "mode", "key", "indexes"];

    public static readonly string[] Rfm = ["from", "key", "date", "amount", "purchase", "scores", "segments", "other", "description"];

    public static readonly string[] Clusters = ["from", "where", "key", "features", "k", "seed", "restarts", "anomalies", "retrain", "trainer", "description"];

    public static readonly string[] Forecast = ["metric", "time", "grain", "horizon", "leave", "trend", "season", "period", "coverage", "description"];

    public static readonly string[] Prediction = ["from", "where", "key", "time", "target", "features", "retrain", "description"];

    public static readonly string[] Anomalies = ["metric", "time", "grain", "leave", "period", "seasons", "threshold", "description"];

    public const string FileConnector = "file";

    public const string Sql = "sql";

    public const string Rest = "rest";

    public const string WebhookConnector = "webhook";

    public const string TableConnector = "table";

    public const string EventHub = "eventhub";

    public static readonly string[] Connectors = [FileConnector, Sql, Rest, WebhookConnector, TableConnector, EventHub];
}
