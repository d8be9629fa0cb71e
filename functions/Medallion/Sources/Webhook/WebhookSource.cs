using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Sources.Webhook;

/// <summary>Deliveries that others sent: <see cref="WebhookInbox"/> has made files of them, and each file is taken once.</summary>
internal sealed class WebhookSource(FileSource files, Connections connections) : ISource
{
    /// <inheritdoc/>
    public string Connector => PipelineKeys.WebhookConnector;

    /// <inheritdoc/>
    public Task<string> CheckAsync(SourceDefinition source, CancellationToken cancellationToken)
    {
        var webhook = source.Webhook ?? throw new ArgumentException($"Source '{source.Name}' takes no deliveries.", nameof(source));
        new WebhookSignature(webhook, connections.Find(webhook.Connection)).RequireSecret();
        return files.CheckAsync(source, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<SourceScan> ScanAsync(ScanRequest request, CancellationToken cancellationToken) => files.ScanAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LandedBatch>> LandAsync(LandRequest request, CancellationToken cancellationToken) => files.LandAsync(request, cancellationToken);

    /// <inheritdoc/>
    public async Task<SourceChange?> CloseAsync(CloseRequest request, CancellationToken cancellationToken) =>
        await files.CloseAsync(request, cancellationToken) is { } change ? change with { Note = change.Note is null ? null : "Nothing was delivered yet." } : null;
}
