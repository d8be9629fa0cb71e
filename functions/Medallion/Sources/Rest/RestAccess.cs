using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>Makes requests known to the server of a connection, with tokens where it has some.</summary>
internal sealed class RestAccess(RestServers servers, RestConnection connection, TimeProvider clock)
{
    // A token that ends within this time is not begun with.
    private static readonly TimeSpan Ending = TimeSpan.FromSeconds(30);

    /// <summary>Adds what the server knows the app by.</summary>
    public async Task SignAsync(HttpRequestMessage message, CancellationToken cancellationToken)
    {
        if (connection.HasTokens)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(cancellationToken));
        }
        else
        {
            connection.Sign(message);
        }
    }

    /// <summary>Has the next request get a new token.</summary>
    public void Renew() => servers.TokenOf(connection.Name).Until = DateTimeOffset.MinValue;

    /// <summary>How long an answer asks to wait; null: it does not say.</summary>
    public TimeSpan? RetryAfter(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } seconds } => seconds,
        { Date: { } date } => date > clock.GetUtcNow() ? date - clock.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };

    /// <summary>The beginning of an answer.</summary>
    public static async Task<string> TextAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[64 * 1024];
        var count = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return Encoding.UTF8.GetString(buffer.AsSpan(0, count));
    }

    /// <summary>Whether an answer leads to another URL.</summary>
    public static bool IsRedirect(HttpStatusCode status) => status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    /// <summary>Whether an answer is one that may be another the next time.</summary>
    public static bool IsPassing(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status is 425 or >= 500;

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
            throw new TerminalException($"The TokenUrl of connection '{connection.Name}' gives no token (HTTP {(int)answer.StatusCode}{(error.Length > 0 ? $", {connection.Shown(error)}" : "")}): check ClientId, ClientSecret and Scope of Connections__{connection.Name}.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new TerminalException($"The TokenUrl of connection '{connection.Name}' does not answer as one (HTTP {(int)answer.StatusCode}): expected JSON with an access_token.");
        }
    }
}
