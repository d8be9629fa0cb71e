using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.App.Health;

/// <summary>Whether the app can do its work.</summary>
/// <param name="Status"><c>healthy</c>.</param>
/// <param name="Version">The app's version.</param>
public sealed record HealthReport(string Status, string Version);

/// <summary>Health over HTTP.</summary>
public sealed class HealthRequests(ILake lake)
{
    /// <summary>Healthy if the lake answers; no key is needed to ask.</summary>
    [Function(nameof(GetHealth))]
    public async Task<IActionResult> GetHealth([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request, CancellationToken cancellationToken)
    {
        await lake.FindAsync(new LakePath("pipelines", ".health"), cancellationToken);
        return Answers.Json(new HealthReport("healthy", typeof(HealthRequests).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? ""));
    }
}
