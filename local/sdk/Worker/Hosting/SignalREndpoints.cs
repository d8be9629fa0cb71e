using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>The hubs that functions send to, at the address that <c>negotiate</c> hands out: ASP.NET Core's SignalR in the place of the SignalR Service.</summary>
internal static class SignalREndpoints
{
    public static IServiceCollection AddSignalRService(this IServiceCollection services)
    {
        services.AddSignalR();
        return services.AddSingleton<SignalRAccessTokens>().AddSingleton<SignalRService>();
    }

    /// <summary>Maps the hubs, if a function has a SignalR binding.</summary>
    /// <exception cref="FunctionsHostException">A binding names no hub.</exception>
    public static void Map(WebApplication app, FunctionCatalog catalog, object metadata)
    {
        var hubs = catalog.All.SelectMany(function => HubNames(function).Select(name => SignalRService.Hub(name, app.Configuration, $"Function '{function.Name}'"))).ToList();
        if (hubs.Count > 0)
        {
            var tokens = app.Services.GetRequiredService<SignalRAccessTokens>();
            app.MapHub<SignalRHub>($"{SignalRService.Path}/{{{SignalRHub.Parameter}}}").WithMetadata(metadata).Add(endpoint => RequireToken(endpoint, tokens));
        }
    }

    private static IEnumerable<string?> HubNames(DiscoveredFunction function) =>
        function.Outputs.Select(output => output.Attribute).OfType<SignalROutputAttribute>().Select(output => output.HubName)
            .Concat(function.Inputs<SignalRConnectionInfoInputAttribute>().Select(input => input.HubName));

    private static void RequireToken(EndpointBuilder endpoint, SignalRAccessTokens tokens)
    {
        var serve = endpoint.RequestDelegate ?? throw new InvalidOperationException("The hub's endpoint serves nothing.");
        endpoint.RequestDelegate = http =>
        {
            if (tokens.Authenticate(http.Request, http.Request.RouteValues[SignalRHub.Parameter] as string ?? "") is not { } user)
            {
                http.Response.StatusCode = StatusCodes.Status401Unauthorized;
                return Task.CompletedTask;
            }

            http.User = user;
            return serve(http);
        };
    }
}
