using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.App.Tables;
using Pipeline.Medallion.Quality.Profiling;

namespace Pipeline.App.Quality;

/// <summary>Profiles of tables over HTTP.</summary>
public sealed class ProfileRequests(TableProfiler profiler)
{
    /// <summary>What a table's values are like, and the rules that they would keep.</summary>
    [Function(nameof(ProfileTable))]
    public async Task<IActionResult> ProfileTable(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "quality/{layer}/{pipeline}/{table}/profile")] HttpRequest request, string layer, string pipeline, string table, CancellationToken cancellationToken)
    {
        var body = await Requests.ReadAsync<ProfileRequest>(request, cancellationToken);
        return body is { SampleRows: < 1 or > TableProfiler.MaxSampleRows } or { Columns.Count: 0 }
            ? throw new BadRequestException($"Expected 'sampleRows' from 1 to {TableProfiler.MaxSampleRows}, and in 'columns' at least one name; or neither.")
            : Answers.Json(await profiler.ProfileAsync(pipeline, Requests.Table(layer, table), TableRequests.When(request), body, cancellationToken));
    }
}
