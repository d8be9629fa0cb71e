using Microsoft.AspNetCore.SignalR;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Serves all hubs, as the SignalR Service does in its serverless mode: clients listen, and have no methods to call. Who listens to which hub is told by groups.</summary>
internal sealed class SignalRHub : Hub
{
    /// <summary>The route parameter with the hub's name.</summary>
    public const string Parameter = "hub";

    public static string All(string hub) => hub.ToLowerInvariant();

    public static string User(string hub, string user) => $"{All(hub)}/user/{user}";

    public static string Group(string hub, string group) => $"{All(hub)}/group/{group}";

    public override async Task OnConnectedAsync()
    {
        var hub = Context.GetHttpContext()?.Request.RouteValues[Parameter] as string ?? throw new HubException("The connection names no hub.");
        await Groups.AddToGroupAsync(Context.ConnectionId, All(hub));
        if (Context.UserIdentifier is { } user)
        {
            await Groups.AddToGroupAsync(Context.ConnectionId, User(hub, user));
        }
    }
}
