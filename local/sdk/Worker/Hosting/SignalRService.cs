using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>What the bindings of the SignalR Service do: tell clients where to connect, and send messages to them.</summary>
internal sealed partial class SignalRService(IHubContext<SignalRHub> clients, SignalRAccessTokens tokens, FunctionsEndpoint endpoint, IConfiguration settings)
{
    public const string Path = "/runtime/webhooks/signalr";

    /// <summary>The hub that an attribute names.</summary>
    /// <exception cref="FunctionsHostException">It names none.</exception>
    public static string Hub(string? name, IConfiguration settings, string where)
    {
        var hub = Setting.Resolve(name ?? "", settings, where);
        return ValidHub().IsMatch(hub) ? hub : throw new FunctionsHostException($"{where}: HubName is '{hub}'. A hub's name begins with a letter and has up to 128 letters, digits and '_'.");
    }

    /// <summary>Where to connect, and the token to do so. The address is the one by which the caller has reached this host, so that to a browser both are one origin.</summary>
    public SignalRConnectionInfo Negotiate(Invocation invocation, SignalRConnectionInfoInputAttribute input)
    {
        var request = (invocation.Trigger as HttpContext)?.Request;
        var hub = Hub(input.HubName, settings, invocation.Function.Name);
        var user = input.UserId is null ? null : UserOf(input.UserId, request);
        var origin = request is { Host.HasValue: true } ? $"{request.Scheme}://{request.Host}" : endpoint.Url.GetLeftPart(UriPartial.Authority);
        return new SignalRConnectionInfo { Url = $"{origin}{Path}/{hub}", AccessToken = tokens.Create(hub, user) };
    }

    /// <summary>Sends what a function returned for one of its outputs, in its order.</summary>
    public async Task SendAsync(Invocation invocation, SignalROutputAttribute output, object value)
    {
        var hub = Hub(output.HubName, settings, invocation.Function.Name);
        foreach (var action in value as IEnumerable<SignalRMessageAction> ?? [(SignalRMessageAction)value])
        {
            // As in Azure, everything passes through JSON.
            var arguments = (action.Arguments ?? []).Select(argument => (object?)JsonSerializer.SerializeToElement(argument)).ToArray();
            await Receivers(hub, action).SendCoreAsync(action.Target, arguments, invocation.CancellationToken);
        }
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_]{0,127}$")]
    private static partial Regex ValidHub();

    [GeneratedRegex(@"\{(headers|query)\.([^{}]+)\}")]
    private static partial Regex OfRequest();

    private IClientProxy Receivers(string hub, SignalRMessageAction action) => action switch
    {
        { ConnectionId: { Length: > 0 } id } => clients.Clients.Client(id),
        { UserId: { Length: > 0 } user } => clients.Clients.Group(SignalRHub.User(hub, user)),
        { GroupName: { Length: > 0 } group } => clients.Clients.Group(SignalRHub.Group(hub, group)),
        _ => clients.Clients.Group(SignalRHub.All(hub)),
    };

    private static string UserOf(string expression, HttpRequest? request) => OfRequest().Replace(expression, match =>
    {
        var name = match.Groups[2].Value;
        var value = match.Groups[1].Value == "headers" ? request?.Headers[name] : request?.Query[name];
        return value?.ToString() is { Length: > 0 } text ? text : throw new InvalidOperationException($"UserId '{expression}': the request has no {match.Groups[1].Value}.{name}.");
    });
}
