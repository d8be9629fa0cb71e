using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Pipeline.App.Api;
using Pipeline.App.Runs;
using Pipeline.Medallion.Serving;

namespace Pipeline.App.Tables;

/// <summary>What a request to restore a table says: one of the two.</summary>
public sealed record RestoreBody
{
    /// <summary>The version that the table is to be like.</summary>
    public long? Version { get; init; }

    /// <summary>The time that the table is to be like.</summary>
    public DateTimeOffset? Timestamp { get; init; }
}

/// <summary>Tables over HTTP.</summary>
public sealed class TableRequests(TableCatalog catalog, RunControl runs)
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
        Answers.Json(await catalog.DescribeAsync(pipeline, Requests.Table(layer, table), When(request), cancellationToken));

    /// <summary>The first rows of a table, at a version.</summary>
    [Function(nameof(PreviewTable))]
    public async Task<IActionResult> PreviewTable(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "tables/{layer}/{pipeline}/{table}/preview")] HttpRequest request, string layer, string pipeline, string table, CancellationToken cancellationToken)
    {
        var limit = (int)(Requests.Number(request, "limit", 1, MaxLimit) ?? DefaultLimit);
        return Answers.Json(await catalog.PreviewAsync(pipeline, Requests.Table(layer, table), When(request), limit, cancellationToken));
    }

    /// <summary>Makes a table what it was, unless a run of its pipeline is going on.</summary>
    [Function(nameof(RestoreTable))]
    public async Task<IActionResult> RestoreTable(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "tables/{layer}/{pipeline}/{table}/restore")] HttpRequest request,
        string layer,
        string pipeline,
        string table,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var body = await Requests.ReadAsync<RestoreBody>(request, cancellationToken);
        if (body.Version is null == body.Timestamp is null || body.Version < 0)
        {
            throw new BadRequestException("Expected either 'version', a whole number from 0, or 'timestamp', an ISO 8601 time such as 2026-01-31T08:30:00Z.");
        }

        var key = Requests.Table(layer, table);
        return await runs.GoingOnAsync(client, pipeline, cancellationToken) is { } runId
            ? Answers.GoingOn(pipeline, runId)
            : Answers.Json(await catalog.RestoreAsync(pipeline, key, new PointInTime { Number = body.Version, AsOf = body.Timestamp }, cancellationToken));
    }

    /// <summary>The version or the time that a request names.</summary>
    internal static PointInTime When(HttpRequest request)
    {
        var when = new PointInTime { Number = Requests.Number(request, "version", 0, long.MaxValue), AsOf = Requests.Time(request, "asOf") };
        return when is { Number: not null, AsOf: not null } ? throw new BadRequestException("'version' and 'asOf' exclude each other: keep one.") : when;
    }
}
