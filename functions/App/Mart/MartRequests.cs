using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Metrics;
using Pipeline.Medallion.Mart.Query;

namespace Pipeline.App.Mart;

/// <summary>The data mart over HTTP: questions as JSON, answers as JSON, CSV or Parquet, as the request accepts them.</summary>
public sealed class MartRequests(DataMart mart)
{
    /// <summary>Rows of a table, or groups of them.</summary>
    [Function(nameof(QueryMart))]
    public async Task<IActionResult> QueryMart([HttpTrigger(AuthorizationLevel.Function, "post", Route = "mart/query")] HttpRequest request, CancellationToken cancellationToken)
    {
        var query = await Requests.ReadAsync<MartQuery>(request, cancellationToken);
        return await AnswerAsync(request, () => mart.QueryAsync(query, cancellationToken), format => mart.ExportAsync(query, format, cancellationToken));
    }

    /// <summary>Columns of a table as features.</summary>
    [Function(nameof(QueryFeatures))]
    public async Task<IActionResult> QueryFeatures([HttpTrigger(AuthorizationLevel.Function, "post", Route = "mart/features")] HttpRequest request, CancellationToken cancellationToken)
    {
        var query = await Requests.ReadAsync<FeatureQuery>(request, cancellationToken);
        return await AnswerAsync(request, () => mart.QueryAsync(query, cancellationToken), format => mart.ExportAsync(query, format, cancellationToken));
    }

    /// <summary>Metrics by dimensions and time.</summary>
    [Function(nameof(QueryMetrics))]
    public async Task<IActionResult> QueryMetrics([HttpTrigger(AuthorizationLevel.Function, "post", Route = "mart/metrics")] HttpRequest request, CancellationToken cancellationToken)
    {
        var query = await mart.MeanAsync(await Requests.ReadAsync<MetricQuery>(request, cancellationToken), cancellationToken);
        return await AnswerAsync(request, () => mart.QueryAsync(query, cancellationToken), format => mart.ExportAsync(query, format, cancellationToken));
    }

    private static async Task<IActionResult> AnswerAsync(HttpRequest request, Func<Task<MartRows>> rows, Func<MartFormat, Task<MartFile>> file) => AcceptedFormats.Of(request) switch
    {
        MartFormat.Json => new MartRowsResult(await rows()),
        var format => new MartFileResult(await file(format), format),
    };
}
