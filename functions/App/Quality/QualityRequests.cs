using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Quality;

namespace Pipeline.App.Quality;

/// <summary>The verdicts on a pipeline's batches.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="RunId">The run; null where each table shows its newest.</param>
/// <param name="Tables">The verdicts, by table of silver.</param>
public sealed record QualityAnswer(string Pipeline, string? RunId, IReadOnlyList<JsonNode> Tables);

/// <summary>Verdicts over HTTP.</summary>
public sealed class QualityRequests(QualityResults results)
{
    internal const int DefaultTrend = 100;

    /// <summary>The verdicts of a run, or the newest of each table.</summary>
    [Function(nameof(GetQuality))]
    public async Task<IActionResult> GetQuality([HttpTrigger(AuthorizationLevel.Function, "get", Route = "quality/{pipeline}")] HttpRequest request, string pipeline, CancellationToken cancellationToken)
    {
        var run = Requests.Text(request, "run");
        return Answers.Json(new QualityAnswer(pipeline, run, await results.ReadAsync(pipeline, run, cancellationToken)));
    }

    /// <summary>The verdicts on the last batches.</summary>
    [Function(nameof(GetQualityTrend))]
    public async Task<IActionResult> GetQualityTrend(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "quality/{pipeline}/trend")] HttpRequest request, string pipeline, CancellationToken cancellationToken)
    {
        var table = Requests.Text(request, "table") is { } text ? Requests.Table(text) : (Medallion.Definitions.TableKey?)null;
        var limit = (int)(Requests.Number(request, "limit", 1, QualityResults.MaxTrend) ?? DefaultTrend);
        return Answers.Json(new QualityAnswer(pipeline, null, await results.TrendAsync(pipeline, table, limit, cancellationToken)));
    }
}
