namespace Pipeline.Medallion.Definitions;

/// <summary>The keys that pipeline.yaml may have. A test holds pipeline.schema.json against them.</summary>
internal static class PipelineKeys
{
    public static readonly string[] File = ["name", "description", "sources", "models", "metrics"];

    public static readonly string[] Source = ["connector", "path", "format", "load", "key", "latest_by", "partition", "columns", "rules"];

    public static readonly string[] Partition = ["by", "as"];

    public static readonly string[] PartitionParts = ["year", "month", "day"];

    public static readonly string[] Column = ["from", "expr", "type", "required", "min", "max", "in", "pattern", "format", "default"];

    public static readonly string[] Rule = ["id", "dimension", "expect", "otherwise"];

    public static readonly string[] Model = ["key", "description", "incremental", "delete", "history"];

    public static readonly string[] History = ["sequence", "delete"];

    public static readonly string[] Metric = ["from", "expr", "unit", "description"];

    public static readonly string[] Connectors = ["file"];
}
