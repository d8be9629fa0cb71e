using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Pipeline.Medallion.Mart;

/// <summary>Values of an answer as JSON: dates and times as ISO 8601, binary as base64, numbers beyond a double's range as text.</summary>
internal static class JsonValues
{
    /// <summary>The longest value, in bytes of its text: 1 MiB.</summary>
    public const int LimitBytes = 1 << 20;

    /// <summary>A value of a column.</summary>
    /// <exception cref="QueryException">It is longer than 1 MiB.</exception>
    public static JsonNode? Of(object? value, string column) => value switch
    {
        null => null,
        bool b => JsonValue.Create(b),
        string s => JsonValue.Create(Short(s, column)),
        sbyte or byte or short or ushort or int or uint or long => JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        ulong u => JsonValue.Create(u),
        decimal d => JsonValue.Create(d),
        float f => float.IsFinite(f) ? JsonValue.Create(f) : JsonValue.Create(f.ToString(CultureInfo.InvariantCulture)),
        double d => double.IsFinite(d) ? JsonValue.Create(d) : JsonValue.Create(d.ToString(CultureInfo.InvariantCulture)),
        Int128 i => i >= long.MinValue && i <= long.MaxValue ? JsonValue.Create((long)i) : JsonValue.Create(i.ToString(CultureInfo.InvariantCulture)),
        DateOnly d => JsonValue.Create(d.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        DateTime t => JsonValue.Create(t.ToString("O", CultureInfo.InvariantCulture)),
        DateTimeOffset t => JsonValue.Create(t.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
        byte[] bytes => JsonValue.Create(Short(Convert.ToBase64String(bytes), column)),
        IReadOnlyDictionary<string, object?> fields => new JsonObject(fields.Select(f => KeyValuePair.Create(f.Key, Of(f.Value, column)))),
        System.Collections.IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(item => Of(item, column))]),
        IFormattable other => JsonValue.Create(other.ToString(null, CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(value.ToString()),
    };

    private static string Short(string text, string column) =>
        text.Length <= LimitBytes / 4 || Encoding.UTF8.GetByteCount(text) <= LimitBytes
            ? text
            : throw new QueryException($"A value of column '{column}' has more than {LimitBytes} bytes: select a part of it, such as left({column}, 1000), or leave the column out.");
}
