using System.Globalization;
using System.Text.Json;

namespace Pipeline.Medallion.Schemas.Compatibility;

/// <summary>JSON pointers (RFC 6901), written as fragments: <c>#/properties/id</c>.</summary>
internal static class JsonPointer
{
    /// <summary>A name as a part of a pointer.</summary>
    public static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>What lies at a pointer; null: nothing, or it is no pointer into this document.</summary>
    public static JsonElement? Find(JsonElement document, string pointer)
    {
        if (pointer == "#")
        {
            return document;
        }

        if (!pointer.StartsWith("#/", StringComparison.Ordinal))
        {
            return null;
        }

        JsonElement? at = document;
        foreach (var part in pointer[2..].Split('/'))
        {
            at = at is { } value ? Step(value, Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)) : null;
        }

        return at;
    }

    private static JsonElement? Step(JsonElement value, string name) => value.ValueKind switch
    {
        JsonValueKind.Object when value.TryGetProperty(name, out var member) => member,
        JsonValueKind.Array when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < value.GetArrayLength() => value[index],
        _ => null,
    };
}
