using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>The tokens by which clients of <c>negotiate</c> connect: encrypted and signed with a key that this host makes at its start.</summary>
internal sealed class SignalRAccessTokens(TimeProvider time)
{
    private const string Scheme = "Bearer ";
    private readonly IDataProtector protector = new EphemeralDataProtectionProvider().CreateProtector(nameof(SignalRAccessTokens));

    /// <summary>As long as those of the real service.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromHours(1);

    public string Create(string hub, string? userId) => protector.Protect(JsonSerializer.Serialize(new Content(hub, userId, time.GetUtcNow() + Lifetime)));

    /// <summary>Who a request comes from, by its header or, where a browser cannot set one, its query string; null: nobody who may connect to the hub.</summary>
    public ClaimsPrincipal? Authenticate(HttpRequest request, string hub)
    {
        var header = request.Headers[HeaderNames.Authorization].ToString();
        var token = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..] : request.Query["access_token"].ToString();
        return Read(token) is { } content && content.ExpiresUtc > time.GetUtcNow() && content.Hub.Equals(hub, StringComparison.OrdinalIgnoreCase)
            ? new ClaimsPrincipal(new ClaimsIdentity(content.UserId is null ? [] : [new Claim(ClaimTypes.NameIdentifier, content.UserId)], nameof(SignalRAccessTokens)))
            : null;
    }

    private Content? Read(string token)
    {
        try
        {
            return JsonSerializer.Deserialize<Content>(protector.Unprotect(token));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private sealed record Content(string Hub, string? UserId, DateTimeOffset ExpiresUtc);
}
