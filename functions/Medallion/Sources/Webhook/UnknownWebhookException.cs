using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources.Webhook;

/// <summary>There is no such source, or it takes no deliveries.</summary>
public sealed class UnknownWebhookException(string pipeline, string source)
    : TerminalException($"Pipeline '{pipeline}' has no source '{source}' with the connector webhook.");
