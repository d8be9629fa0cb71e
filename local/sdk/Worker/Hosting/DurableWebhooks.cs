using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.DurableTask.Client;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>The HTTP API of the durable extension, to which the URLs of a management payload point.</summary>
internal static class DurableWebhooks
{
    public const string Path = "/runtime/webhooks/durabletask/instances";

    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder app)
    {
        var instance = app.MapGroup(Path + "/{id}");
        instance.MapGet("", GetStatusAsync);
        instance.MapDelete("", PurgeAsync);
        instance.MapPost("raiseEvent/{eventName}", (string id, string eventName, JsonNode payload, DurableFunctions functions, CancellationToken cancel) =>
            SteerAsync(functions.Client, id, client => client.RaiseEventAsync(id, eventName, payload, cancel), cancel));
        instance.MapPost("terminate", (string id, string? reason, DurableFunctions functions, CancellationToken cancel) =>
            SteerAsync(functions.Client, id, client => client.TerminateInstanceAsync(id, new TerminateInstanceOptions(reason), cancel), cancel));
        instance.MapPost("suspend", (string id, string? reason, DurableFunctions functions, CancellationToken cancel) =>
            SteerAsync(functions.Client, id, client => client.SuspendInstanceAsync(id, reason, cancel), cancel));
        instance.MapPost("resume", (string id, string? reason, DurableFunctions functions, CancellationToken cancel) =>
            SteerAsync(functions.Client, id, client => client.ResumeInstanceAsync(id, reason, cancel), cancel));
        return instance;
    }

    private static async Task<IResult> GetStatusAsync(string id, DurableFunctions functions, CancellationToken cancel)
    {
        if (await functions.Client.GetInstanceAsync(id, getInputsAndOutputs: true, cancel) is not { } instance)
        {
            return Results.NotFound();
        }

        var status = new JsonObject
        {
            ["name"] = instance.Name,
            ["instanceId"] = instance.InstanceId,
            ["runtimeStatus"] = instance.RuntimeStatus.ToString(),
            ["input"] = Json(instance.SerializedInput),
            ["customStatus"] = Json(instance.SerializedCustomStatus),
            ["output"] = Json(instance.SerializedOutput) ?? instance.FailureDetails?.ErrorMessage,
            ["createdTime"] = instance.CreatedAt.UtcDateTime,
            ["lastUpdatedTime"] = instance.LastUpdatedAt.UtcDateTime,
        };
        return Results.Json(status, statusCode: instance.IsCompleted ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> PurgeAsync(string id, DurableFunctions functions, CancellationToken cancel)
    {
        var purged = await functions.Client.PurgeInstanceAsync(id, cancel);
        return purged.PurgedInstanceCount == 0 ? Results.NotFound() : Results.Ok(new { instancesDeleted = purged.PurgedInstanceCount });
    }

    private static async Task<IResult> SteerAsync(DurableTaskClient client, string id, Func<DurableTaskClient, Task> steer, CancellationToken cancel)
    {
        switch (await client.GetInstanceAsync(id, cancel))
        {
            case null:
                return Results.NotFound();
            case { IsCompleted: true }:
                return Results.StatusCode(StatusCodes.Status410Gone);
            default:
                await steer(client);
                return Results.Accepted();
        }
    }

    private static JsonNode? Json(string? text) => text is null ? null : JsonNode.Parse(text);
}
