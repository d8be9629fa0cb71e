using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Azure.Data.Tables;

namespace Pipeline.Medallion.Sources.Entities;

/// <summary>Writes entities as lines of page, number and JSON, in which each value is a text, exactly as it is.</summary>
/// <param name="file">Where to.</param>
internal sealed class EntityLines(string file) : IDisposable
{
    private const string Time = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly Dictionary<string, string> types = new(StringComparer.Ordinal) { [Keys[0]] = "VARCHAR", [Keys[1]] = "VARCHAR", [Keys[2]] = "TIMESTAMP WITH TIME ZONE" };
    private readonly FileStream target = new(file, FileMode.Create, FileAccess.Write, FileShare.Read, 128 * 1024);

    /// <summary>The fields that every entity has.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["PartitionKey", "RowKey", "Timestamp"];

    /// <summary>Bytes of the lines since the last <see cref="Clear"/>.</summary>
    public long Length => target.Length;

    /// <summary>The types that the fields had so far, in bronze's words.</summary>
    public IReadOnlyDictionary<string, string> Types => types;

    /// <summary>The greatest Timestamp so far; null: there was no entity.</summary>
    public DateTimeOffset? Greatest { get; private set; }

    /// <summary>A time as lines have it: in the order of the texts.</summary>
    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Time, CultureInfo.InvariantCulture);

    /// <summary>Reads a time of a line.</summary>
    public static DateTimeOffset Read(string text) => DateTimeOffset.ParseExact(text, Time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    /// <summary>Adds an entity.</summary>
    public void Add(int page, int number, TableEntity entity)
    {
        Greatest = entity.Timestamp is { } changed && !(changed <= Greatest) ? changed : Greatest;
        target.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{page}{(char)RecordBatches.Separator}{number}{(char)RecordBatches.Separator}")));
        using (var json = new Utf8JsonWriter(target, Options))
        {
            json.WriteStartObject();
            foreach (var key in Keys.Concat(entity.Keys.Where(k => !Keys.Contains(k) && k != "odata.etag")))
            {
                if (entity[key] is { } value)
                {
                    var (text, type) = Of(value);
                    json.WriteString(key, text);
                    types[key] = types.TryGetValue(key, out var known) && known != type ? Both(known, type) : type;
                }
            }

            json.WriteEndObject();
        }

        target.WriteByte((byte)'\n');
    }

    /// <summary>Makes the lines so far readable.</summary>
    public void Flush() => target.Flush();

    /// <summary>Begins a new batch of lines.</summary>
    public void Clear() => target.SetLength(0);

    /// <inheritdoc/>
    public void Dispose() => target.Dispose();

    private static (string Text, string Type) Of(object value) => value switch
    {
        string text => (text, "VARCHAR"),
        bool flag => (flag ? "true" : "false", "BOOLEAN"),
        int number => (number.ToString(CultureInfo.InvariantCulture), "BIGINT"),
        long number => (number.ToString(CultureInfo.InvariantCulture), "BIGINT"),
        double number => (number.ToString("R", CultureInfo.InvariantCulture), "DOUBLE"),
        DateTimeOffset time => (Text(time), "TIMESTAMP WITH TIME ZONE"),
        DateTime time => (Text(time), "TIMESTAMP WITH TIME ZONE"),
        byte[] bytes => (Convert.ToBase64String(bytes), "VARCHAR"),
        BinaryData bytes => (Convert.ToBase64String(bytes), "VARCHAR"),
        _ => (Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", "VARCHAR"),
    };

    // A property may have another type in each entity.
    private static string Both(string one, string other) => one is "BIGINT" or "DOUBLE" && other is "BIGINT" or "DOUBLE" ? "DOUBLE" : "VARCHAR";
}
