using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Pipeline.App.Api;
using Pipeline.App.Runs;
using Pipeline.Medallion.Lineage.OpenLineage;

namespace Pipeline.App.Catalog;

/// <summary>The lineage of runs over HTTP.</summary>
public sealed class LineageRequests(RunControl runs, LineageLog lineage)
{
    /// <summary>The OpenLineage events of a run.</summary>
    [Function(nameof(GetRunLineage))]
    public async Task<IActionResult> GetRunLineage(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs/{id}/lineage")] HttpRequest request, string id, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        var run = await runs.FindAsync(client, id, cancellationToken);
        return Answers.Json(await lineage.ReadAsync(run.Id, cancellationToken));
    }
}
