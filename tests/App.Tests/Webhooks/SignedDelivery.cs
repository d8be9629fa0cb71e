using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Pipeline.App.Tests.Webhooks;

/// <summary>Deliveries as a sender signs them.</summary>
internal static class SignedDelivery
{
    /// <summary>What the app's setting Connections__hooks has.</summary>
    public const string Secret = "planted-0123456789abcdef";

    public static Task DefineAsync(LocalApp app, string name) => app.WriteAsync("pipelines", $"{name}/pipeline.yaml", $"""
        name: {name}
        sources:
          payments: {"{"}connector: webhook, connection: hooks, key: [payment]{"}"}
        """);

    public static Dictionary<string, string> Headers(string id, string body, string secret = Secret, long ageSeconds = 0)
    {
        var time = (DateTimeOffset.UtcNow.ToUnixTimeSeconds() - ageSeconds).ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{id}.{time}.{body}")));
        return new Dictionary<string, string> { ["webhook-id"] = id, ["webhook-timestamp"] = time, ["webhook-signature"] = $"v1,{signature}" };
    }
}
