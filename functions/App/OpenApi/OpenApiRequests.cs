using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;

namespace Pipeline.App.OpenApi;

/// <summary>The API's description over HTTP.</summary>
public sealed class OpenApiRequests
{
    /// <summary>The OpenAPI document; no key is needed to read it.</summary>
    [Function(nameof(GetOpenApi))]
    public IActionResult GetOpenApi([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "openapi.json")] HttpRequest request) => Answers.Json(OpenApiDocument.Create());
}
