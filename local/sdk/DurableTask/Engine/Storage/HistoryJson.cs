using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.DurableTask.Engine.History;

namespace Microsoft.DurableTask.Engine.Storage;

/// <summary>Events as JSON.</summary>
internal static class HistoryJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    public static string Write(IReadOnlyList<HistoryEvent> events) => JsonSerializer.Serialize(events, Options);

    public static IReadOnlyList<HistoryEvent> Read(string json) => JsonSerializer.Deserialize<List<HistoryEvent>>(json, Options) ?? [];

    public static string Write(IReadOnlyDictionary<string, string> tags) => JsonSerializer.Serialize(tags, Options);

    public static IReadOnlyDictionary<string, string>? ReadTags(string? json) =>
        json is null ? null : JsonSerializer.Deserialize<Dictionary<string, string>>(json, Options);
}
