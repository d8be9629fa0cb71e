using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Local.Events;

/// <summary>A sale of the web shop, as the source <c>web_sales</c> takes it.</summary>
internal sealed record Sale
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string? EventId { get; init; }

    public required string CustomerId { get; init; }

    public required string Country { get; init; }

    public required long ProductId { get; init; }

    public required int Quantity { get; init; }

    public required decimal UnitPrice { get; init; }

    public required decimal Discount { get; init; }

    /// <summary>In UTC.</summary>
    public required DateTime SoldAt { get; init; }

    /// <summary>Nothing that is known; it makes an event larger.</summary>
    public string? Note { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}
