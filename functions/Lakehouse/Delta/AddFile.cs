using System.Text;
using System.Text.Json;

namespace Pipeline.Lakehouse.Delta;

/// <summary>A data file of a table.</summary>
public sealed record AddFile
{
    /// <summary>Relative to the table's root and URI-encoded, as in the log: hive escaping stays inside (<c>p=c%20d</c> on the lake is
    /// <c>p=c%2520d</c> here).</summary>
    public required string Path { get; init; }

    /// <summary>By partition column, in the specification's "Partition Value Serialization"; null is null.</summary>
    public IReadOnlyDictionary<string, string?> PartitionValues { get; init; } = new Dictionary<string, string?>();

    /// <summary>Length of the Parquet file.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>When the file was written, in milliseconds since the Unix epoch.</summary>
    public required long ModifiedUnixMilliseconds { get; init; }

    /// <summary>False: the commit that added the file only rearranged rows that were there.</summary>
    public bool DataChange { get; init; } = true;

    /// <summary>Null where its writer gave none.</summary>
    public FileStatistics? Statistics { get; init; }
}

/// <summary>What is known of a file's rows without reading it: the specification's "Per-file Statistics".</summary>
public sealed record FileStatistics
{
    /// <summary>Rows in the file; null where its writer did not say.</summary>
    public required long? Rows { get; init; }

    /// <summary>The whole as in the log: numRecords, minValues, maxValues, nullCount.</summary>
    public required string Json { get; init; }

    /// <summary>Reads the text of <c>add.stats</c>; null where it is no JSON object.</summary>
    internal static FileStatistics? Parse(string json)
    {
        try
        {
            // A table has many files, and most of a text is of no use yet: it is walked through once, without a document.
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json));
            long? rows = null;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read())
            {
                if (reader is { CurrentDepth: 1, TokenType: JsonTokenType.PropertyName } && reader.ValueTextEquals("numRecords"u8))
                {
                    reader.Read();
                    rows = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var count) ? count : null;
                }
            }

            return new FileStatistics { Rows = rows, Json = json };
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
