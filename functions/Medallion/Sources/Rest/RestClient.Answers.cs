using System.Globalization;
using System.Net;
using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Rest;

/// <content>Requests, and what answers say besides their records.</content>
internal sealed partial class RestClient
{
    private async Task<HttpRequestMessage> MessageAsync(RestRequest request, CancellationToken cancellationToken)
    {
        var message = new HttpRequestMessage(rest.Method == RestMethod.Post ? HttpMethod.Post : HttpMethod.Get, request.Url);
        message.Headers.Accept.ParseAdd("application/json");
        message.Headers.UserAgent.ParseAdd("pipeline");
        if (rest.Method == RestMethod.Post)
        {
            message.Content = new StringContent(request.Body ?? "{}", Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in rest.Headers)
        {
            message.Headers.Remove(name);
            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        await access.SignAsync(message, cancellationToken);
        return message;
    }

    private async Task<Attempt> RefusedAsync(int page, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var status = (int)answer.StatusCode;
        var wait = access.RetryAfter(answer);
        if (RestAccess.IsPassing(answer.StatusCode) || (answer.StatusCode == HttpStatusCode.Forbidden && wait is not null))
        {
            return wait <= options.LongestRetryAfter || wait is null
                ? new Attempt(null, new TransientException($"{Name(page)} is not given for now (HTTP {status}). It may pass."), wait)
                : Failed(string.Create(CultureInfo.InvariantCulture, $"{Name(page)} is not given for now (HTTP {status}): the server asks to wait for {wait.Value.TotalSeconds:0} s (Retry-After), longer than the {options.LongestRetryAfter.TotalSeconds:0} s that a step waits. Start a run later, or lower 'rate'.")) with { IsFinal = true };
        }

        var beginning = await BeginningAsync(answer, cancellationToken);
        throw new TerminalException(answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => $"{Name(page)} is refused (HTTP {status}): the API does not accept what connection '{connection.Name}' is known by, or it may not read this. Check Connections__{connection.Name}. The answer begins with: {beginning}",
            HttpStatusCode.NotFound or HttpStatusCode.Gone => $"{Name(page)} is not there (HTTP {status}). Check the connection's Url and the path. The answer begins with: {beginning}",
            _ => $"{Name(page)} is refused (HTTP {status}). Check the definition of the source. The answer begins with: {beginning}",
        });
    }

    private async Task<string> BeginningAsync(HttpResponseMessage answer, CancellationToken cancellationToken) => Shown(await RestAccess.TextAsync(answer, cancellationToken)) is { Length: > 0 } text ? text : "(nothing)";

    // RFC 8288: <URL>; rel="next", in one header or several.
    private static string? NextLink(HttpResponseMessage answer) => answer.Headers.TryGetValues("Link", out var links) ? LinkHeader.Next(string.Join(", ", links)) : null;

    private static string? Header(HttpResponseMessage answer, string name) => answer.Content.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
