using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Medallion;

/// <summary>How records are written as JSON: camel case, enums by name, nulls left out.</summary>
public static class Json
{
    /// <summary>The one set of options for state, payloads and the API.</summary>
    public static JsonSerializerOptions Options { get; } = Freeze(new JsonSerializerOptions(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    });

    /// <summary>Writes a value.</summary>
    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Reads a value.</summary>
    /// <exception cref="JsonException">The text is no such value.</exception>
    public static T Read<T>(string text) => JsonSerializer.Deserialize<T>(text, Options) ?? throw new JsonException("The text is 'null'.");

    private static JsonSerializerOptions Freeze(JsonSerializerOptions options)
    {
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
