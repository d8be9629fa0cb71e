using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Serving;

namespace Pipeline.App.Api;

/// <summary>Answers of the API: values as JSON, errors as problem details (RFC 9457).</summary>
internal static class Answers
{
    /// <summary>A value.</summary>
    public static IActionResult Json<T>(T value, int status = StatusCodes.Status200OK) => new JsonResult(value, Medallion.Json.Options) { StatusCode = status };

    /// <summary>An error.</summary>
    public static IActionResult Problem(int status, string title, string detail, params IEnumerable<(string Name, object Value)> more)
    {
        var problem = new ProblemDetails { Status = status, Title = title, Detail = detail, Type = $"https://httpstatuses.io/{status}" };
        foreach (var (name, value) in more)
        {
            problem.Extensions[name] = value;
        }

        return new JsonResult(problem, Medallion.Json.Options) { StatusCode = status, ContentType = "application/problem+json" };
    }

    /// <summary>What an exception means to the caller.</summary>
    public static IActionResult Problem(Exception error) => error switch
    {
        UnknownPipelineException => Problem(StatusCodes.Status404NotFound, "Unknown pipeline", error.Message),
        UnknownTableException => Problem(StatusCodes.Status404NotFound, "Unknown table", error.Message),
        UnknownStepException => Problem(StatusCodes.Status400BadRequest, "Unknown step", error.Message),
        DefinitionException definition => Problem(StatusCodes.Status422UnprocessableEntity, "The definition cannot work", definition.Message, ("problems", definition.Problems)),
        QueryException => Problem(StatusCodes.Status400BadRequest, "The query cannot be answered", error.Message),
        BadRequestException => Problem(StatusCodes.Status400BadRequest, "Bad request", error.Message),
        TransientException => Problem(StatusCodes.Status503ServiceUnavailable, "Try again later", error.Message),
        TerminalException => Problem(StatusCodes.Status400BadRequest, "The request cannot be met", error.Message),
        _ => Problem(StatusCodes.Status500InternalServerError, "Internal error", "Something went wrong here; the app's log has the details."),
    };
}

/// <summary>A request that is not what the API describes.</summary>
public sealed class BadRequestException(string message, Exception? innerException = null) : Exception(message, innerException);
