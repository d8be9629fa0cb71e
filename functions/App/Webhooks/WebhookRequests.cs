using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.Webhook;

namespace Pipeline.App.Webhooks;

/// <summary>Where others send deliveries to.</summary>
public sealed class WebhookRequests(WebhookInbox inbox)
{
    /// <summary>Takes a delivery, and answers when it is durable.</summary>
    [Function(nameof(ReceiveWebhook))]
    public async Task<IActionResult> ReceiveWebhook(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "webhooks/{pipeline}/{source}")] HttpRequest request, string pipeline, string source, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var body = await Requests.BytesAsync(request, WebhookDefinition.MaxBytes, cancellationToken);
        return Answers.Json(await inbox.ReceiveAsync(pipeline, source, name => request.Headers[name].ToString(), body, cancellationToken), StatusCodes.Status202Accepted);
    }
}
