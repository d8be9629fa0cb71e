using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Pipeline.App.Api;
using Pipeline.Medallion.Mart;

namespace Pipeline.App.Mart;

/// <summary>An answer of rows, written as they are read.</summary>
internal sealed class MartRowsResult(MartRows rows) : IStatusCodeActionResult
{
    public int? StatusCode => StatusCodes.Status200OK;

    public async Task ExecuteResultAsync(ActionContext context)
    {
        using (rows)
        {
            var http = context.HttpContext;
            if (MartHeaders.IsKnown(http, rows.Tag, rows.Version))
            {
                return;
            }

            http.Response.ContentType = AcceptedFormats.TypeOf(MartFormat.Json);
            try
            {
                await rows.WriteJsonAsync(http.Response.Body, http.RequestAborted);
            }
            catch (QueryException error) when (!http.Response.HasStarted)
            {
                http.Response.Headers.ETag = default;
                await Answers.Error(Answers.ProblemOf(error)).ExecuteResultAsync(context);
            }
            catch (Exception) when (http.Response.HasStarted)
            {
                // Half an answer must not look like a whole one.
                http.Abort();
                throw;
            }
        }
    }
}

/// <summary>An answer that is a file.</summary>
internal sealed class MartFileResult(MartFile file, MartFormat format) : IStatusCodeActionResult
{
    public int? StatusCode => StatusCodes.Status200OK;

    public async Task ExecuteResultAsync(ActionContext context)
    {
        using (file)
        {
            var http = context.HttpContext;
            if (MartHeaders.IsKnown(http, file.Tag, file.Version))
            {
                return;
            }

            await using var content = File.OpenRead(file.Path);
            var response = http.Response;
            response.ContentType = AcceptedFormats.TypeOf(format);
            response.ContentLength = content.Length;
            response.Headers["Pipeline-Rows"] = file.Rows.ToString(CultureInfo.InvariantCulture);
            if (file.Next is { } next)
            {
                response.Headers["Pipeline-Next"] = next;
            }

            if (file.Fitted is { } fitted)
            {
                response.Headers["Pipeline-Fitted"] = Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(fitted, Medallion.Json.Options));
            }

            await content.CopyToAsync(response.Body, http.RequestAborted);
        }
    }
}

/// <summary>What every answer of the mart says of itself.</summary>
internal static class MartHeaders
{
    /// <summary>Sets them; true: the caller has this very answer (304), and gets no body.</summary>
    public static bool IsKnown(HttpContext http, string tag, long version)
    {
        http.Response.Headers.ETag = tag;
        http.Response.Headers["Pipeline-Version"] = version.ToString(CultureInfo.InvariantCulture);
        var known = http.Request.Headers.IfNoneMatch.Any(value => value?.Split(',').Select(t => t.Trim()).Any(t => t == tag || t == "*") == true);
        if (known)
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
        }

        return known;
    }
}
