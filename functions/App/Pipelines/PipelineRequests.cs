using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Models;

namespace Pipeline.App.Pipelines;

/// <summary>Pipelines over HTTP.</summary>
public sealed class PipelineRequests(PipelineCatalog catalog, PipelineMetrics metrics)
{
    /// <summary>All pipelines.</summary>
    [Function(nameof(ListPipelines))]
    public async Task<IActionResult> ListPipelines([HttpTrigger(AuthorizationLevel.Function, "get", Route = "pipelines")] HttpRequest request, CancellationToken cancellationToken) =>
        Answers.Json(await catalog.ListAsync(cancellationToken));

    /// <summary>A pipeline with its steps.</summary>
    [Function(nameof(GetPipeline))]
    public async Task<IActionResult> GetPipeline(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "pipelines/{name}")] HttpRequest request, string name, CancellationToken cancellationToken) =>
        Answers.Json(await catalog.DescribeAsync(name, cancellationToken));

    /// <summary>A pipeline's metrics on its tables as they are now.</summary>
    [Function(nameof(GetMetrics))]
    public async Task<IActionResult> GetMetrics(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "metrics/{name}")] HttpRequest request, string name, CancellationToken cancellationToken) =>
        Answers.Json(await metrics.MeasureAsync(name, cancellationToken));
}
