using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Pipeline.App.Api;
using Pipeline.Medallion.Mart;

namespace Pipeline.App.Mart;

/// <summary>A SELECT over a pipeline's tables.</summary>
public sealed record SqlBody
{
    /// <summary>The pipeline whose tables it reads.</summary>
    public required string Pipeline { get; init; }

    /// <summary>One SELECT; tables are named <c>layer.name</c>.</summary>
    public required string Sql { get; init; }
}

/// <summary>SQL over HTTP.</summary>
public sealed class SqlRequests(SqlQuery query)
{
    /// <summary>Answers a SELECT.</summary>
    [Function(nameof(RunSql))]
    public async Task<IActionResult> RunSql([HttpTrigger(AuthorizationLevel.Function, "post", Route = "mart/sql")] HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await Requests.ReadAsync<SqlBody>(request, cancellationToken);
        return Answers.Json(await query.RunAsync(body.Pipeline, body.Sql, cancellationToken));
    }
}
