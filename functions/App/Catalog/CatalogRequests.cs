using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Catalog;

namespace Pipeline.App.Catalog;

/// <summary>The catalogue over HTTP.</summary>
public sealed class CatalogRequests(DataCatalog catalog)
{
    /// <summary>All tables with what is known of them.</summary>
    [Function(nameof(ListCatalog))]
    public async Task<IActionResult> ListCatalog([HttpTrigger(AuthorizationLevel.Function, "get", Route = "catalog")] HttpRequest request, CancellationToken cancellationToken) =>
        Answers.Json(await catalog.ListAsync(Requests.Text(request, "pipeline"), Requests.Text(request, "search"), cancellationToken));

    /// <summary>A table with the lineage of its columns.</summary>
    [Function(nameof(GetCatalogTable))]
    public async Task<IActionResult> GetCatalogTable(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "catalog/{layer}/{pipeline}/{table}")] HttpRequest request, string layer, string pipeline, string table, CancellationToken cancellationToken) =>
        Answers.Json(await catalog.FindAsync(pipeline, Requests.Table(layer, table), cancellationToken));
}
