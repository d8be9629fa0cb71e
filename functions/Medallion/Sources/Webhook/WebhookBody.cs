using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pipeline.Medallion.Sources.Webhook;

/// <summary>The content of a delivery as lines of records: an object is one, a list one for each of its items. What is no JSON is kept too, as a line that is rejected as malformed.</summary>
internal sealed class WebhookBody
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 512 };
    private static readonly JsonSerializerOptions AsTheyAre = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public WebhookBody(ReadOnlyMemory<byte> body)
    {
        using var lines = new MemoryStream();
        try
        {
            using var document = JsonDocument.Parse(body, Options);
            Id = document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
            foreach (var record in document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement.EnumerateArray().ToArray() : [document.RootElement])
            {
                using (var writer = new Utf8JsonWriter(lines, new JsonWriterOptions { MaxDepth = Options.MaxDepth, SkipValidation = true, Encoder = AsTheyAre.Encoder }))
                {
                    record.WriteTo(writer);
                }

                lines.WriteByte((byte)'\n');
            }
        }
        catch (JsonException)
        {
            lines.SetLength(0);
            lines.Write(JsonSerializer.SerializeToUtf8Bytes(Text(body.Span), AsTheyAre));
            lines.WriteByte((byte)'\n');
        }

        Lines = lines.ToArray();
    }

    /// <summary>The text <c>id</c> of the object; null where it has none.</summary>
    public string? Id { get; }

    /// <summary>The records, one a line.</summary>
    public ReadOnlyMemory<byte> Lines { get; }

    private static string Text(ReadOnlySpan<byte> body)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body);
        }
        catch (DecoderFallbackException)
        {
            return $"base64:{Convert.ToBase64String(body)}";
        }
    }
}
