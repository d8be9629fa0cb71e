using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Mart;

/// <summary>Rows as an answer of the API.</summary>
public sealed record QueryAnswer
{
    /// <summary>The longest value, in bytes of its text: 1 MiB.</summary>
    public const int ValueLimitBytes = 1 << 20;

    /// <summary>The columns.</summary>
    public required IReadOnlyList<DuckDbColumn> Columns { get; init; }

    /// <summary>The rows; dates and times as ISO 8601, binary as base64, numbers beyond a double's range as text.</summary>
    public required IReadOnlyList<JsonArray> Rows { get; init; }

    /// <summary>Whether there are more rows than the limit.</summary>
    public required bool Truncated { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }

    /// <summary>Reads a result up to a limit.</summary>
    /// <exception cref="QueryException">A value is longer than 1 MiB.</exception>
    internal static QueryAnswer Read(DuckDbResult result, int limit)
    {
        var watch = Stopwatch.StartNew();
        var rows = new List<JsonArray>();
        var truncated = false;
        while (result.Read())
        {
            if (rows.Count == limit)
            {
                truncated = true;
                break;
            }

            rows.Add([.. result.Columns.Select((column, i) => ToJson(result[i], column.Name))]);
        }

        return new QueryAnswer { Columns = result.Columns, Rows = rows, Truncated = truncated, Seconds = watch.Elapsed.TotalSeconds };
    }

    private static JsonNode? ToJson(object? value, string column) => value switch
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
        IReadOnlyDictionary<string, object?> fields => new JsonObject(fields.Select(f => KeyValuePair.Create(f.Key, ToJson(f.Value, column)))),
        System.Collections.IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(item => ToJson(item, column))]),
        IFormattable other => JsonValue.Create(other.ToString(null, CultureInfo.InvariantCulture)),
        _ => JsonValue.Create(value.ToString()),
    };

    private static string Short(string text, string column) =>
        text.Length <= ValueLimitBytes / 4 || Encoding.UTF8.GetByteCount(text) <= ValueLimitBytes
            ? text
            : throw new QueryException($"A value of column '{column}' has more than {ValueLimitBytes} bytes: select a part of it, such as left({column}, 1000).");
}

/// <summary>A question that cannot be answered as it was put.</summary>
public sealed class QueryException(string message, Exception? innerException = null) : Lakehouse.TerminalException(message, innerException);
