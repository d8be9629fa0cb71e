using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Rest;

/// <content>Requests, and what answers say besides their records.</content>
internal sealed partial class RestClient
{
    // A token that ends within this time is not begun with.
    private static readonly TimeSpan Ending = TimeSpan.FromSeconds(30);

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

        if (connection.HasTokens)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(cancellationToken));
        }
        else
        {
            connection.Sign(message);
        }

        return message;
    }

    private async Task<string> TokenAsync(CancellationToken cancellationToken)
    {
        var token = servers.TokenOf(connection.Name);
        await token.Gate.WaitAsync(cancellationToken);
        try
        {
            if (token.Value is null || token.Until <= clock.GetUtcNow())
            {
                using var request = connection.AskForToken();
                using var answer = await servers.SendAsync(request, cancellationToken);
                var text = await TextAsync(answer, cancellationToken);
                (token.Value, token.Until) = ReadToken(answer, text);
            }

            connection.Hide(token.Value);
            return token.Value;
        }
        finally
        {
            token.Gate.Release();
        }
    }

    private (string Token, DateTimeOffset Until) ReadToken(HttpResponseMessage answer, string text)
    {
        if (IsPassing(answer.StatusCode))
        {
            throw new TransientException($"The TokenUrl of connection '{connection.Name}' gives no token for now (HTTP {(int)answer.StatusCode}). It may pass.");
        }

        try
        {
            using var json = JsonDocument.Parse(text);
            if (answer.IsSuccessStatusCode && json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("access_token", out var token) && token.GetString() is { Length: > 0 } value)
            {
                var life = json.RootElement.TryGetProperty("expires_in", out var seconds) && double.TryParse(seconds.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? TimeSpan.FromSeconds(Math.Clamp(number, 0, 86_400)) : TimeSpan.FromMinutes(5);
                return (value, clock.GetUtcNow() + (life > 2 * Ending ? life - Ending : life / 2));
            }

            var error = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var code) ? code.ToString() : "";
            throw new TerminalException($"The TokenUrl of connection '{connection.Name}' gives no token (HTTP {(int)answer.StatusCode}{(error.Length > 0 ? $", {Shown(error)}" : "")}): check ClientId, ClientSecret and Scope of Connections__{connection.Name}.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new TerminalException($"The TokenUrl of connection '{connection.Name}' does not answer as one (HTTP {(int)answer.StatusCode}): expected JSON with an access_token.");
        }
    }

    private async Task<Attempt> RefusedAsync(int page, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var status = (int)answer.StatusCode;
        var wait = RetryAfter(answer);
        if (IsPassing(answer.StatusCode) || (answer.StatusCode == HttpStatusCode.Forbidden && wait is not null))
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

    private TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } seconds } => seconds,
        { Date: { } date } => date > clock.GetUtcNow() ? date - clock.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };

    private async Task<string> BeginningAsync(HttpResponseMessage answer, CancellationToken cancellationToken) => Shown(await TextAsync(answer, cancellationToken)) is { Length: > 0 } text ? text : "(nothing)";

    private static async Task<string> TextAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[64 * 1024];
        var count = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer.AsSpan(0, count));
    }

    // RFC 8288: <URL>; rel="next", in one header or several.
    private static string? NextLink(HttpResponseMessage answer) => answer.Headers.TryGetValues("Link", out var links) ? LinkHeader.Next(string.Join(", ", links)) : null;

    private static string? Header(HttpResponseMessage answer, string name) => answer.Content.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static bool IsRedirect(HttpStatusCode status) => status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    private static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status is 425 or >= 500;
}
