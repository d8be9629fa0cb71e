using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Serving;

namespace Pipeline.App.Tables;

/// <summary>Tables over HTTP.</summary>
public sealed class TableRequests(TableCatalog catalog)
{
    internal const int DefaultLimit = 100;
    internal const int MaxLimit = 1000;

    /// <summary>All tables.</summary>
    [Function(nameof(ListTables))]
    public async Task<IActionResult> ListTables([HttpTrigger(AuthorizationLevel.Function, "get", Route = "tables")] HttpRequest request, CancellationToken cancellationToken) =>
        Answers.Json(await catalog.ListAsync(Requests.Text(request, "pipeline"), cancellationToken));

    /// <summary>A table's columns, size and history, at a version.</summary>
    [Function(nameof(GetTable))]
    public async Task<IActionResult> GetTable(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "tables/{layer}/{pipeline}/{table}")] HttpRequest request, string layer, string pipeline, string table, CancellationToken cancellationToken) =>
        Answers.Json(await catalog.DescribeAsync(pipeline, Requests.Table(layer, table), Requests.Number(request, "version", 0, long.MaxValue), cancellationToken));

    /// <summary>The first rows of a table, at a version.</summary>
    [Function(nameof(PreviewTable))]
    public async Task<IActionResult> PreviewTable(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "tables/{layer}/{pipeline}/{table}/preview")] HttpRequest request, string layer, string pipeline, string table, CancellationToken cancellationToken)
    {
        var limit = (int)(Requests.Number(request, "limit", 1, MaxLimit) ?? DefaultLimit);
        return Answers.Json(await catalog.PreviewAsync(pipeline, Requests.Table(layer, table), Requests.Number(request, "version", 0, long.MaxValue), limit, cancellationToken));
    }
}
