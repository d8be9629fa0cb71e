using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Sources.Webhook;

/// <summary>Deliveries that others sent: <see cref="WebhookInbox"/> has made files of them, and each file is taken once.</summary>
internal sealed class WebhookSource(FileSource files) : ISource
{
    /// <inheritdoc/>
    public string Connector => Definitions.PipelineKeys.WebhookConnector;

    /// <inheritdoc/>
    public Task<SourceScan> ScanAsync(ScanRequest request, CancellationToken cancellationToken) => files.ScanAsync(request, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<LandedBatch>> LandAsync(LandRequest request, CancellationToken cancellationToken) => files.LandAsync(request, cancellationToken);

    /// <inheritdoc/>
    public async Task<SourceChange?> CloseAsync(CloseRequest request, CancellationToken cancellationToken) =>
        await files.CloseAsync(request, cancellationToken) is { } change ? change with { Note = change.Note is null ? null : "Nothing was delivered yet." } : null;
}
