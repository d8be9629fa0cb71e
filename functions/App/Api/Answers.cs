using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Pipeline.App.Maintenance;
using Pipeline.App.Mart;
using Pipeline.App.Runs;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Serving;
using Pipeline.Medallion.Sources.Webhook;
using Pipeline.Medallion.Streaming.Live;

namespace Pipeline.App.Api;

/// <summary>Answers of the API: values as JSON, errors as problem details.</summary>
internal static class Answers
{
    public const string ProblemType = "application/problem+json";
    private const int DetailCharacters = 4000;

    /// <summary>A value.</summary>
    public static IActionResult Json<T>(T value, int status = StatusCodes.Status200OK) => new JsonResult(value, Medallion.Json.Options) { StatusCode = status };

    /// <summary>An error.</summary>
    public static IActionResult Error(Problem problem)
    {
        var bounded = problem.Detail.Length > DetailCharacters ? problem with { Detail = string.Concat(problem.Detail.AsSpan(0, DetailCharacters), " …") } : problem;
        return new JsonResult(bounded, Medallion.Json.Options) { StatusCode = problem.Status, ContentType = ProblemType };
    }

    /// <summary>A run that was accepted.</summary>
    public static IActionResult Started(HttpRequest request, string runId)
    {
        request.HttpContext.Response.Headers.Location = $"/api/runs/{runId}";
        return Json(new StartedRun(runId), StatusCodes.Status202Accepted);
    }

    /// <summary>What is asked for must wait for a run.</summary>
    public static IActionResult GoingOn(string pipeline, string runId) => Error(new Problem
    {
        Title = "A run is going on",
        Status = StatusCodes.Status409Conflict,
        Detail = $"Run {runId} of pipeline '{pipeline}' is going on: wait for it or terminate it.",
        RunId = runId,
    });

    /// <summary>What an exception means to the caller. The text of one that is not ours may tell of this machine, so it stays here.</summary>
    public static Problem ProblemOf(Exception error) => error switch
    {
        UnknownPipelineException => Of(StatusCodes.Status404NotFound, "Unknown pipeline", error.Message),
        UnknownTableException => Of(StatusCodes.Status404NotFound, "Unknown table", error.Message),
        UnknownAggregateException => Of(StatusCodes.Status404NotFound, "Unknown live aggregate", error.Message),
        UnknownModelException => Of(StatusCodes.Status404NotFound, "Unknown model", error.Message),
        UnknownRunException => Of(StatusCodes.Status404NotFound, "Unknown run", error.Message),
        UnknownMaintenanceException => Of(StatusCodes.Status404NotFound, "Unknown maintenance", error.Message),
        UnknownStepException => Of(StatusCodes.Status400BadRequest, "Unknown step", error.Message),
        DefinitionException definition => Of(StatusCodes.Status422UnprocessableEntity, "The definition cannot work", error.Message) with { Problems = definition.Problems },
        QueryException => Of(StatusCodes.Status400BadRequest, "The query cannot be answered", error.Message),
        SignatureException => Of(StatusCodes.Status401Unauthorized, "Not signed", error.Message),
        UnknownWebhookException => Of(StatusCodes.Status404NotFound, "Unknown webhook", error.Message),
        NotAcceptableException => Of(StatusCodes.Status406NotAcceptable, "Not acceptable", error.Message),
        TooLargeException => Of(StatusCodes.Status413PayloadTooLarge, "Too large", error.Message),
        BadRequestException => Of(StatusCodes.Status400BadRequest, "Bad request", error.Message),
        TransientException => Of(StatusCodes.Status503ServiceUnavailable, "Try again later", error.Message),
        TerminalException => Of(StatusCodes.Status422UnprocessableEntity, "The request cannot be met", error.Message),
        _ => Of(StatusCodes.Status500InternalServerError, "Internal error", "Something went wrong here; the app's log has the details."),
    };

    private static Problem Of(int status, string title, string detail) => new() { Status = status, Title = title, Detail = detail };
}
