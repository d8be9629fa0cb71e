using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Delta;

/// <summary>The specification's "Per-file Statistics" from what DuckDB's <c>RETURN_STATS</c> tells of a file. What cannot be said exactly or as a
/// safe bound is left out.</summary>
internal sealed partial class ParquetStatistics(DeltaSchema schema, IReadOnlyDictionary<string, object?> columns)
{
    // What other writers of Delta keep of a string.
    private const int PrefixLength = 32;
    private static readonly Rune Highest = new(0x10FFFF);
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public FileStatistics ToStatistics(long rows)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            writer.WriteStartObject();
            writer.WriteNumber("numRecords", rows);
            WriteColumns(writer, "minValues", (type, known) => Bound(type, known, "min"));
            WriteColumns(writer, "maxValues", (type, known) => Bound(type, known, "max"));
            WriteColumns(writer, "nullCount", (_, known) => known.GetValueOrDefault("null_count") as string);
            writer.WriteEndObject();
        }

        return new FileStatistics { Rows = rows, Json = Encoding.UTF8.GetString(buffer.WrittenSpan) };
    }

    private void WriteColumns(Utf8JsonWriter writer, string name, Func<PrimitiveType, IReadOnlyDictionary<string, object?>, string?> value)
    {
        writer.WriteStartObject(name);
        WriteFields(writer, schema, "", value);
        writer.WriteEndObject();
    }

    private void WriteFields(Utf8JsonWriter writer, DeltaSchema fields, string prefix, Func<PrimitiveType, IReadOnlyDictionary<string, object?>, string?> value)
    {
        foreach (var field in fields.Fields)
        {
            var path = prefix + Sql.Identifier(field.Name);
            if (field.Type is StructType nested)
            {
                writer.WriteStartObject(field.Name);
                WriteFields(writer, nested.Schema, $"{path}.", value);
                writer.WriteEndObject();
            }
            else if (field.Type is PrimitiveType type && columns.GetValueOrDefault(path) is IReadOnlyDictionary<string, object?> known && value(type, known) is { } json)
            {
                writer.WritePropertyName(field.Name);
                writer.WriteRawValue(json);
            }
        }
    }

    private static string? Bound(PrimitiveType type, IReadOnlyDictionary<string, object?> known, string bound)
    {
        if (known.GetValueOrDefault(bound) is not string text)
        {
            return null;
        }

        return type.Name switch
        {
            "string" => Quoted(bound == "min" ? Lower(text) : Upper(text)),
            "date" => Date().IsMatch(text) ? Quoted(text) : null,
            "timestamp" => Timestamp().Match(text) is { Success: true } time
                ? Quoted($"{time.Groups["date"]}T{time.Groups["time"]}{Milliseconds(time)}Z")
                : null,

            // Other engines order NaN above all numbers, and JSON has no infinity.
            "float" or "double" => known.GetValueOrDefault("has_nan") is not "true" && IsFinite(text) ? text : null,
            "boolean" or "binary" => null,
            _ => Number(text),
        };
    }

    // A decimal of which all digits come after the point is printed without the zero that JSON asks for.
    private static string Number(string text) => text.StartsWith('.') ? $"0{text}" : text.StartsWith("-.", StringComparison.Ordinal) ? $"-0{text[1..]}" : text;

    private static bool IsFinite(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number);

    private static string Lower(string text) => Prefix(text, out _);

    // A prefix followed by the highest character is above everything that starts with it, unless that character itself follows.
    private static string Upper(string text)
    {
        var prefix = Prefix(text, out var rest);
        foreach (var rune in rest.EnumerateRunes().TakeWhile(rune => rune == Highest))
        {
            prefix += rune;
            rest = rest[rune.Utf16SequenceLength..];
        }

        return rest.Length == 0 ? prefix : prefix + Highest;
    }

    private static string Prefix(string text, out string rest)
    {
        var length = text.EnumerateRunes().Take(PrefixLength).Sum(rune => rune.Utf16SequenceLength);
        rest = text[length..];
        return text[..length];
    }

    private static string Milliseconds(Match time) => $".{time.Groups["fraction"].Value.PadRight(3, '0')[..3]}";

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}$")]
    private static partial Regex Date();

    [GeneratedRegex(@"^(?<date>\d{4}-\d{2}-\d{2}) (?<time>\d{2}:\d{2}:\d{2})(?:\.(?<fraction>\d{1,6}))?\+00$", RegexOptions.ExplicitCapture)]
    private static partial Regex Timestamp();
}
