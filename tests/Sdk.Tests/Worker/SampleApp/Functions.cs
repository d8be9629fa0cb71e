using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace Pipeline.SampleApp;

public sealed class Functions(IConfiguration settings)
{
    [Function("GetSetting")]
    public IActionResult GetSetting([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "settings/{name}")] HttpRequest request, string name) =>
        new OkObjectResult(new
        {
            request.Path,
            Environment = Environment.GetEnvironmentVariable(name),
            Configuration = settings[name.Replace("__", ":", StringComparison.Ordinal)],
        });

    [Function("Wait")]
    public async Task<IActionResult> Wait([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, CancellationToken cancellationToken)
    {
        await request.HttpContext.Response.WriteAsync("waiting", cancellationToken);
        await request.HttpContext.Response.Body.FlushAsync(cancellationToken);
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return new EmptyResult();
    }

    [Function("TakeEvents")]
    public async Task TakeEvents(
        [EventHubTrigger("%EventHub:Name%", Connection = "EventHub", ConsumerGroup = "%EventHub:Group%")] EventData[] events, JsonElement partitionContext, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync($"Took {events[0].SequenceNumber} to {events[^1].SequenceNumber} of partition {partitionContext.GetProperty("PartitionId")}.");
        if (settings.GetValue<bool>("Hold"))
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
