using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Sources.Webhook;

/// <summary>Takes deliveries: each is a file of <c>landing</c> before its sender hears that it has arrived, and the source's next ingest step takes it.</summary>
/// <remarks>
/// The path of a file begins with the time it came, so that rows have the order of their arrival. The time is kept by the id of the delivery, put if absent: whoever delivers it again, at once or
/// after a failure in between, writes the same file.
/// </remarks>
public sealed class WebhookInbox
{
    private const string Events = "events";
    private const string Ids = "ids";
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(5);
    private readonly ILake lake;
    private readonly DefinitionStore definitions;
    private readonly Connections connections;
    private readonly TimeProvider clock;
    private readonly ConcurrentDictionary<string, (CompiledPipeline Pipeline, DateTimeOffset ReadUtc)> known = new(StringComparer.Ordinal);

    internal WebhookInbox(ILake lake, DefinitionStore definitions, Connections connections, TimeProvider clock) =>
        (this.lake, this.definitions, this.connections, this.clock) = (lake, definitions, connections, clock);

    /// <summary>The glob that finds a source's deliveries in <c>landing</c>.</summary>
    public static string PathOf(string pipeline, string source) => $"{Folder(pipeline, source)}/{Events}/**/*.ndjson";

    /// <summary>Takes a delivery. It is durable when this returns.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="source">The source.</param>
    /// <param name="header">Reads a header of the request; empty where there is none.</param>
    /// <param name="body">The body, byte for byte, of up to <see cref="WebhookDefinition.MaxBytes"/>.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="UnknownPipelineException">There is no such pipeline.</exception>
    /// <exception cref="UnknownWebhookException">It has no such source, or one that takes no deliveries.</exception>
    /// <exception cref="SignatureException">Nobody knows that it comes from its sender, and that it is no old one.</exception>
    public async Task<WebhookReceipt> ReceiveAsync(string pipeline, string source, Func<string, string> header, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var found = (await LoadAsync(pipeline, cancellationToken)).Definition.Sources.FirstOrDefault(s => s.Name == source);
        if (found?.Webhook is not { } webhook)
        {
            throw new UnknownWebhookException(pipeline, source);
        }

        var now = clock.GetUtcNow();
        var signedId = new WebhookSignature(webhook, connections.Find(webhook.Connection)).Require(header, body.Span, now);
        var delivery = new WebhookBody(body);
        var id = signedId ?? delivery.Id ?? Convert.ToHexStringLower(SHA256.HashData(body.Span));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
        var name = string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyy'/'MM'/'dd'/'HH'/'mmss.fffffff}-{hash[..16]}.ndjson");
        var marker = new LakePath(LandedFile.Container, $"{Folder(pipeline, source)}/{Ids}/{hash[..2]}/{hash}");
        var isNew = await lake.TryCreateAsync(marker, Encoding.UTF8.GetBytes(name), cancellationToken);
        if (!isNew)
        {
            name = Encoding.UTF8.GetString(await lake.ReadAsync(marker, cancellationToken) ?? throw new TransientException($"The delivery '{id}' was taken and forgotten in the same moment. Send it again."));
        }

        await lake.TryCreateAsync(new LakePath(LandedFile.Container, $"{Folder(pipeline, source)}/{Events}/{name}"), delivery.Lines, cancellationToken);
        return new WebhookReceipt(id, !isNew);
    }

    private static string Folder(string pipeline, string source) => $"webhooks/{pipeline}/{source}";

    private async Task<CompiledPipeline> LoadAsync(string name, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (known.TryGetValue(name, out var last) && now - last.ReadUtc < Freshness)
        {
            return last.Pipeline;
        }

        var pipeline = await definitions.LoadAsync(name, cancellationToken);
        known[name] = (pipeline, now);
        return pipeline;
    }
}

/// <summary>What the sender of a delivery is told.</summary>
/// <param name="Id">The delivery's id.</param>
/// <param name="Duplicate">Whether a delivery of that id had arrived before, so that this one changes nothing.</param>
public sealed record WebhookReceipt(string Id, bool Duplicate);
