using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>One line of a log entry: exactly one of the properties is set. The names are the specification's ("Actions").</summary>
internal sealed record LogAction
{
    public CommitInfoAction? CommitInfo { get; init; }

    public ProtocolAction? Protocol { get; init; }

    public MetadataAction? MetaData { get; init; }

    public TransactionAction? Txn { get; init; }

    public DomainAction? DomainMetadata { get; init; }

    public RemoveAction? Remove { get; init; }

    public AddAction? Add { get; init; }
}

internal sealed record CommitInfoAction
{
    public long? Timestamp { get; init; }

    public string? Operation { get; init; }

    public IReadOnlyDictionary<string, JsonElement>? OperationParameters { get; init; }

    public long? ReadVersion { get; init; }

    public bool? IsBlindAppend { get; init; }

    public IReadOnlyDictionary<string, JsonElement>? OperationMetrics { get; init; }

    public string? EngineInfo { get; init; }

    public string? TxnId { get; init; }
}

internal sealed record ProtocolAction
{
    public int MinReaderVersion { get; init; }

    public int MinWriterVersion { get; init; }

    public IReadOnlyList<string>? ReaderFeatures { get; init; }

    public IReadOnlyList<string>? WriterFeatures { get; init; }
}

internal sealed record MetadataAction
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public DataFormat Format { get; init; } = new();

    // Some writers, and the columns of a checkpoint, have null for what is empty.
    public string SchemaString { get; init => field = value ?? ""; } = "";

    public IReadOnlyList<string> PartitionColumns { get; init => field = value ?? []; } = [];

    public IReadOnlyDictionary<string, string> Configuration { get; init => field = value ?? new Dictionary<string, string>(); } = new Dictionary<string, string>();

    public long? CreatedTime { get; init; }
}

internal sealed record DataFormat
{
    public string Provider { get; init; } = "parquet";

    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

internal sealed record TransactionAction
{
    public string AppId { get; init; } = "";

    public long Version { get; init; }

    public long? LastUpdated { get; init; }
}

internal sealed record DomainAction
{
    public string Domain { get; init; } = "";

    public string Configuration { get; init; } = "";

    public bool Removed { get; init; }
}

internal sealed record AddAction
{
    public string Path { get; init; } = "";

    public IReadOnlyDictionary<string, string?> PartitionValues { get; init => field = value ?? new Dictionary<string, string?>(); } = new Dictionary<string, string?>();

    public long Size { get; init; }

    public long ModificationTime { get; init; }

    public bool DataChange { get; init; }

    public string? Stats { get; init; }

    public IReadOnlyDictionary<string, string?>? Tags { get; init; }
}

internal sealed record RemoveAction
{
    public string Path { get; init; } = "";

    public long? DeletionTimestamp { get; init; }

    public bool DataChange { get; init; }

    public bool? ExtendedFileMetadata { get; init; }

    public IReadOnlyDictionary<string, string?>? PartitionValues { get; init; }

    public long? Size { get; init; }
}

/// <summary>Log entries as bytes: one JSON object per line.</summary>
internal static class LogEntry
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,

        // What an action must have is not null.
        RespectNullableAnnotations = true,
    };

    public static byte[] Write(IEnumerable<LogAction> actions)
    {
        using var buffer = new MemoryStream();
        Write(actions, buffer);
        return buffer.ToArray();
    }

    /// <returns>The length of the longest line, in bytes.</returns>
    public static long Write(IEnumerable<LogAction> actions, Stream target)
    {
        var longest = 0L;
        foreach (var action in actions)
        {
            var start = target.Position;
            JsonSerializer.Serialize(target, action, Options);
            target.WriteByte((byte)'\n');
            longest = Math.Max(longest, target.Position - start);
        }

        return longest;
    }

    /// <param name="content">The bytes of a log entry.</param>
    /// <param name="file">Where they lie, for the message.</param>
    /// <exception cref="TerminalException">A line is not an action of the specification.</exception>
    public static IEnumerable<LogAction> Read(ReadOnlyMemory<byte> content, LakePath file)
    {
        for (var number = 1; !content.IsEmpty; number++)
        {
            var end = content.Span.IndexOf((byte)'\n');
            var line = end < 0 ? content : content[..end];
            content = end < 0 ? default : content[(end + 1)..];
            if (!line.Span.Trim(" \r\t"u8).IsEmpty)
            {
                yield return Action(line.Span, file, number);
            }
        }
    }

    /// <param name="line">An action.</param>
    /// <param name="file">Where it lies, for the message.</param>
    /// <exception cref="TerminalException">It is not an action of the specification.</exception>
    public static LogAction Read(string line, LakePath file) => Action(Encoding.UTF8.GetBytes(line), file, number: null);

    private static LogAction Action(ReadOnlySpan<byte> line, LakePath file, int? number)
    {
        try
        {
            return JsonSerializer.Deserialize<LogAction>(line, Options) ?? new LogAction();
        }
        catch (JsonException error)
        {
            throw new TerminalException($"{(number is null ? "An action" : $"Line {number}")} of {file} is not an action of the Delta specification: {error.Message} The "
                + "log is damaged: restore the file from a copy or a former version of it.", error);
        }
    }
}
