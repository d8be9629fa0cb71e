using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Serves the functions with an HTTP trigger. Authorization levels are not enforced, as with func start.</summary>
internal static class HttpTriggers
{
    private static readonly OurEndpoint Ours = new();

    public static void Map(WebApplication app, FunctionCatalog catalog, bool aspNetCore)
    {
        var functions = catalog.With<HttpTriggerAttribute>().ToList();
        if (functions is [var (first, _), ..] && !aspNetCore)
        {
            throw new FunctionsHostException($"Function '{first.Name}' has an HTTP trigger. Call ConfigureFunctionsWebApplication() on the builder.");
        }

        // A method that no function of the route has is answered 404 by the Functions host, not 405 (azure-functions-host #10098).
        app.Use((http, next) =>
        {
            if (http.GetEndpoint()?.Metadata.GetMetadata<OurEndpoint>() is null)
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            return next(http);
        });

        app.MapGet("/admin/host/status", http => http.Response.WriteAsJsonAsync(new { state = "Running" }, http.RequestAborted)).WithMetadata(Ours);
        if (catalog.UsesDurableTask)
        {
            DurableWebhooks.Map(app).WithMetadata(Ours);
        }

        SignalREndpoints.Map(app, catalog, Ours);
        var prefix = app.Services.GetRequiredService<HostJson>().RoutePrefix;
        foreach (var (function, trigger) in functions)
        {
            MapFunction(app, prefix, function, trigger);
        }
    }

    /// <summary>The route below the host's address: the prefix of host.json, then the trigger's route, or the function's name if it has none.</summary>
    public static string Route(string prefix, DiscoveredFunction function, HttpTriggerAttribute trigger)
    {
        var route = string.IsNullOrEmpty(trigger.Route) ? function.Name : trigger.Route.TrimStart('/');
        return prefix.Length == 0 ? route : $"{prefix}/{route}";
    }

    private static void MapFunction(WebApplication app, string prefix, DiscoveredFunction function, HttpTriggerAttribute trigger)
    {
        var route = Route(prefix, function, trigger);
        Task Serve(HttpContext http) => ServeAsync(http, function, app.Lifetime.ApplicationStopping);
        try
        {
            var endpoint = trigger.Methods is { Length: > 0 } methods
                ? app.MapMethods(route, methods.Select(method => method.ToUpperInvariant()), Serve)
                : app.Map(route, Serve);
            endpoint.WithMetadata(Ours).WithDisplayName(function.Name);
        }
        catch (RoutePatternException e)
        {
            throw new FunctionsHostException($"Function '{function.Name}': the route '{route}' is not valid. {e.Message}", e);
        }
    }

    private static async Task ServeAsync(HttpContext http, DiscoveredFunction function, CancellationToken stopping)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        var invocation = new Invocation(function, http, BindingData(http.Request), http.RequestServices, cancellation.Token);
        try
        {
            await http.RequestServices.GetRequiredService<FunctionRunner>().RunAsync(invocation);
        }
        catch (Exception) when (!http.Response.HasStarted)
        {
            // The runner has logged it. What went wrong is not the caller's to read.
            http.Response.Clear();
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
        catch (Exception)
        {
            // Half a response is out already: the caller must see it break off.
            http.Abort();
        }
    }

    private static Dictionary<string, object?> BindingData(HttpRequest request)
    {
        var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in request.Query)
        {
            data[name] = value.ToString();
        }

        foreach (var (name, value) in request.RouteValues)
        {
            data[name] = value;
        }

        return data;
    }

    /// <summary>Marks the endpoints of this host, as against those that routing makes up to answer 405 or 415.</summary>
    private sealed class OurEndpoint;
}
