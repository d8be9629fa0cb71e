using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Pipeline.App.Api;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Schemas;

namespace Pipeline.App.Schemas;

/// <summary>Answers of the registry, in the media type that the caller takes.</summary>
internal static class RegistryAnswers
{
    public const string MediaType = "application/vnd.schemaregistry.v1+json";
    private static readonly string[] MediaTypes = [MediaType, "application/vnd.schemaregistry+json", "application/json"];

    /// <summary>A value.</summary>
    public static IActionResult Json<T>(HttpRequest request, T value, int status = StatusCodes.Status200OK) =>
        new JsonResult(value, Medallion.Json.Options) { StatusCode = status, ContentType = TypeFor(request) };

    /// <summary>A schema itself.</summary>
    public static IActionResult Text(HttpRequest request, string schema) =>
        new ContentResult { Content = schema, ContentType = TypeFor(request), StatusCode = StatusCodes.Status200OK };

    /// <summary>What an exception means to the caller, by Confluent's codes.</summary>
    public static RegistryError ErrorOf(Exception error) => error switch
    {
        SchemaRegistryException refused => new RegistryError(refused.Code, refused.Message),
        BadRequestException => new RegistryError(StatusCodes.Status422UnprocessableEntity, error.Message),
        TransientException => new RegistryError(50001, error.Message),
        _ => new RegistryError(StatusCodes.Status500InternalServerError, "Something went wrong here; the app's log has the details."),
    };

    /// <summary>An error. Its code begins with the HTTP status.</summary>
    public static IActionResult Error(HttpRequest request, RegistryError error) => Json(request, error, error.ErrorCode >= 1000 ? error.ErrorCode / 100 : error.ErrorCode);

    private static string TypeFor(HttpRequest request)
    {
        var accepted = request.Headers.Accept.ToString();
        return MediaTypes.FirstOrDefault(type => accepted.Contains(type, StringComparison.OrdinalIgnoreCase)) ?? MediaType;
    }
}
