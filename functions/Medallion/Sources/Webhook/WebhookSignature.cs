using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Webhook;

/// <summary>Finds out whether a delivery comes from who knows the secret, and when it was signed.</summary>
/// <param name="definition">How deliveries are signed.</param>
/// <param name="settings">The setting with the secret: <c>Secret=…</c>, and <c>Previous=…</c> while it is exchanged.</param>
internal sealed class WebhookSignature(WebhookDefinition definition, string settings)
{
    private const int LeastSecretBytes = 16;
    private const string Prefix = "whsec_";

    /// <summary>Checks a delivery.</summary>
    /// <param name="header">Reads a header of the request; empty where there is none.</param>
    /// <param name="body">The body, byte for byte.</param>
    /// <param name="now">The time.</param>
    /// <returns>The id that the sender gave it; null: the scheme has none that is signed.</returns>
    /// <exception cref="SignatureException">It is not signed, not by this secret, or not now. The message does not say what the signature should be.</exception>
    public string? Require(Func<string, string> header, ReadOnlySpan<byte> body, DateTimeOffset now) => definition.Scheme == WebhookScheme.Stripe
        ? RequireStripe(header("Stripe-Signature"), body, now)
        : RequireStandard(header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"), body, now);

    /// <summary>Sees that there is a secret.</summary>
    /// <exception cref="TerminalException">There is none, or one that is too short.</exception>
    public void RequireSecret() => Secrets();

    private string RequireStandard(string id, string time, string signatures, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (id.Length == 0 || time.Length == 0 || signatures.Length == 0)
        {
            throw new SignatureException("The delivery is not signed: expected the headers webhook-id, webhook-timestamp and webhook-signature (https://www.standardwebhooks.com).");
        }

        RequireTime(time, now);
        Require($"{id}.{time}.", body, signatures.Split(' ').Where(s => s.StartsWith("v1,", StringComparison.Ordinal)).Select(s => FromBase64(s[3..])));
        return id;
    }

    private string? RequireStripe(string header, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var parts = header.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).Where(p => p.Length == 2).ToList();
        if (parts.Find(p => p[0] == "t") is not [_, var time])
        {
            throw new SignatureException("The delivery is not signed: expected the header Stripe-Signature with t=TIME,v1=SIGNATURE.");
        }

        RequireTime(time, now);
        Require($"{time}.", body, parts.Where(p => p[0] == "v1").Select(p => FromHex(p[1])));
        return null;
    }

    private void RequireTime(string text, DateTimeOffset now)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > 253_402_300_799)
        {
            throw new SignatureException("The delivery's time is not a number of seconds since 1970.");
        }

        var age = now - DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (age.Duration() > definition.Tolerance)
        {
            throw new SignatureException(string.Create(
                CultureInfo.InvariantCulture,
                $"The delivery was signed {age.Duration().TotalSeconds:0} s {(age > TimeSpan.Zero ? "ago" : "from now")}, and {definition.Tolerance.TotalSeconds:0} s are allowed: it is an old one that was sent again, or a clock is wrong. Sign it anew."));
        }
    }

    private void Require(string before, ReadOnlySpan<byte> body, IEnumerable<byte[]> signatures)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes(before), .. body];
        var expected = Secrets().Select(secret => HMACSHA256.HashData(secret, signed)).ToList();

        // All are compared, and each in full: how long it takes says nothing.
        var matches = signatures.Take(10).SelectMany(s => expected.Select(e => CryptographicOperations.FixedTimeEquals(e, s))).Count(equal => equal);
        if (matches == 0)
        {
            throw new SignatureException("The delivery's signature is not that of its content and this source's secret: it was changed on its way, or signed with another secret.");
        }
    }

    private List<byte[]> Secrets()
    {
        var secrets = new List<byte[]>();
        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = settings };
            foreach (var key in new[] { "Secret", "Previous" })
            {
                if (parts.TryGetValue(key, out var value) && value is string { Length: > 0 } text)
                {
                    secrets.Add(definition.Scheme == WebhookScheme.Standard && text.StartsWith(Prefix, StringComparison.Ordinal) ? FromBase64(text[Prefix.Length..]) : Encoding.UTF8.GetBytes(text));
                }
            }
        }
        catch (ArgumentException)
        {
            // Its message may quote the setting.
            secrets.Clear();
        }

        return secrets.Count > 0 && secrets.TrueForAll(s => s.Length >= LeastSecretBytes)
            ? secrets
            : throw new TerminalException($"The setting Connections__{definition.Connection} has no secret that a webhook can be signed with: expected Secret=… of at least {LeastSecretBytes} bytes, for Standard Webhooks as whsec_ and base64; while it is exchanged, Previous=… too.");
    }

    private static byte[] FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : [];
    }

    private static byte[] FromHex(string text)
    {
        try
        {
            return Convert.FromHexString(text);
        }
        catch (FormatException)
        {
            return [];
        }
    }
}
