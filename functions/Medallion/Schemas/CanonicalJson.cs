using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Pipeline.Medallion.Schemas;

/// <summary>JSON in one form: without white space, properties by name, numbers and strings in one spelling. Equal values have equal texts.</summary>
internal static class CanonicalJson
{
    /// <summary>The canonical text of a value.</summary>
    public static string Write(JsonElement value)
    {
        var text = new StringBuilder();
        Write(value, text);
        return text.ToString();
    }

    private static void Write(JsonElement value, StringBuilder text)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                Write(value.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal), '{', '}', text, property =>
                {
                    text.Append(JsonSerializer.Serialize(property.Name)).Append(':');
                    Write(property.Value, text);
                });
                break;
            case JsonValueKind.Array:
                Write(value.EnumerateArray(), '[', ']', text, item => Write(item, text));
                break;
            case JsonValueKind.Number:
                text.Append(Number(value));
                break;
            default:
                text.Append(JsonSerializer.Serialize(value));
                break;
        }
    }

    private static void Write<T>(IEnumerable<T> parts, char open, char close, StringBuilder text, Action<T> write)
    {
        text.Append(open);
        var first = true;
        foreach (var part in parts)
        {
            if (!first)
            {
                text.Append(',');
            }

            first = false;
            write(part);
        }

        text.Append(close);
    }

    // 1, 1.0 and 1e0 are one number. What a decimal cannot hold exactly keeps its spelling.
    private static string Number(JsonElement number) =>
        number.GetRawText() is { Length: <= 28 } raw && number.TryGetDecimal(out var value) && (value != 0 || !raw.AsSpan().ContainsAnyInRange('1', '9'))
            ? value.ToString("0.############################", CultureInfo.InvariantCulture)
            : number.GetRawText();
}
