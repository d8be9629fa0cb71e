using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>Takes the records out of an answer, line by line, as they stand there. It holds one record at a time.</summary>
/// <param name="rest">Where they are.</param>
/// <param name="name">What messages call the page.</param>
/// <param name="page">The page's number, which every line begins with.</param>
/// <param name="target">Receives a line of each: page, number, record, with the separator that no JSON has.</param>
/// <param name="shown">Makes a text one that a message may have.</param>
internal sealed class PageReader(RestDefinition rest, string name, int page, Stream target, Func<string, string> shown) : IDisposable
{
    // What a line has besides counts too.
    private const int LongestRecord = (16 << 20) - 64;
    private const int MostNames = 20;
    private const string Item = "[]";
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<string> names = [];
    private readonly List<string> keys = [];
    private readonly string list = rest.Records ?? "";
    private byte[] buffer = new byte[128 * 1024];
    private long records;
    private int depth = -1;
    private bool isTooLong;
    private bool isFound;
    private bool isClosed;
    private string? next;
    private bool hasNext;
    private bool? more;

    /// <summary>Reads an answer to its end.</summary>
    /// <param name="file">The answer.</param>
    /// <param name="isProven">Whether the list was seen at its place before: where it is not there now, it is empty.</param>
    /// <exception cref="TransientException">The answer breaks off.</exception>
    /// <exception cref="TerminalException">It is none.</exception>
    public PageContent Read(string file, bool isProven)
    {
        using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
        try
        {
            Read(source);
        }
        catch (JsonException error)
        {
            throw new TerminalException($"{name} is no JSON: {shown(error.Message)}");
        }

        if (!isClosed)
        {
            throw new TransientException($"{name} breaks off after {source.Length} bytes, in the middle of its JSON. It may pass.");
        }

        return isFound || isProven
            ? new PageContent(records, Convert.ToHexStringLower(hash.GetHashAndReset())) { Next = next, HasNext = hasNext, More = more }
            : throw new TerminalException($"{name} has no list of records {Place}: {(keys.Count == 0 ? "it is no object" : $"the answer is an object with {string.Join(", ", keys.Select(shown))}")}. Say in 'rest: {{records: …}}' where the list is, such as data.items.");
    }

    /// <inheritdoc/>
    public void Dispose() => hash.Dispose();

    private string Place => list.Length == 0 ? "at its top" : $"at '{list}'";

    private bool IsInList => depth >= 0;

    private void Read(FileStream source)
    {
        var state = new JsonReaderState(new JsonReaderOptions { MaxDepth = 512 });
        var (start, end) = (0, Fill(source, 0));
        if (buffer.AsSpan(0, end).StartsWith("\uFEFF"u8))
        {
            start = 3;
        }

        while (true)
        {
            var reader = new Utf8JsonReader(buffer.AsSpan(start, end - start), isFinalBlock: false, state);
            while (Step(ref reader, buffer.AsSpan(start, end - start)))
            {
            }

            (state, start) = (reader.CurrentState, start + (int)reader.BytesConsumed);
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            if (end == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = Fill(source, end);
            if (read == end)
            {
                return;
            }

            end = read;
        }
    }

    private int Fill(FileStream source, int from) => from + source.ReadAtLeast(buffer.AsSpan(from), buffer.Length - from, throwOnEndOfStream: false);

    // A token, or a whole record. False: more bytes are needed.
    private bool Step(ref Utf8JsonReader reader, ReadOnlySpan<byte> bytes)
    {
        var before = reader;
        if (!reader.Read())
        {
            return false;
        }

        if (isTooLong)
        {
            isTooLong = !(reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray && reader.CurrentDepth == depth + 1);
            return true;
        }

        if (!IsInList)
        {
            Note(ref reader);
            return true;
        }

        if (reader.TokenType == JsonTokenType.EndArray && reader.CurrentDepth == depth)
        {
            (depth, isClosed) = (-1, depth == 0);
            return true;
        }

        var begin = (int)reader.TokenStartIndex;
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && !reader.TrySkip())
        {
            if (bytes.Length - begin < LongestRecord)
            {
                reader = before;
                return false;
            }

            isTooLong = true;
            Write(JsonSerializer.SerializeToUtf8Bytes($"a record of more than {LongestRecord} bytes"));
            return true;
        }

        Write(bytes[begin..(int)reader.BytesConsumed]);
        return true;
    }

    // Of what is around the list only a few values count.
    private void Note(ref Utf8JsonReader reader)
    {
        var at = reader.CurrentDepth;
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                Enter(at - 1, reader.GetString() ?? "");
                if (at == 1 && keys.Count < MostNames)
                {
                    keys.Add(names[0]);
                }

                return;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                isClosed = at == 0;
                return;
        }

        var path = string.Join('.', names.Take(at));
        if (path == list)
        {
            Begin(ref reader, at);
        }
        else if (path == rest.Pages?.Next)
        {
            (hasNext, next) = (true, reader.TokenType switch
            {
                JsonTokenType.String => reader.GetString(),
                JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
                JsonTokenType.Null or JsonTokenType.False => null,
                _ => throw new TerminalException($"{name} has no cursor and no URL at '{path}': expected a text, a number, or null where there is no next page."),
            });
        }
        else if (path == rest.Pages?.More)
        {
            more = reader.TokenType switch
            {
                JsonTokenType.True => true,
                JsonTokenType.False or JsonTokenType.Null => false,
                _ => throw new TerminalException($"{name} does not say at '{path}' whether there are more pages: expected true or false."),
            };
        }

        if (reader.TokenType == JsonTokenType.StartArray && !IsInList)
        {
            Enter(at, Item);
        }

        isClosed |= at == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray);
    }

    private void Begin(ref Utf8JsonReader reader, int at)
    {
        isFound = reader.TokenType is JsonTokenType.StartArray or JsonTokenType.Null;
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            depth = at;
        }
        else if (!isFound && (list.Length > 0 || reader.TokenType != JsonTokenType.StartObject))
        {
            throw new TerminalException($"{name} has no list of records {Place}, but a {reader.TokenType.ToString().Replace("Start", "", StringComparison.Ordinal).ToLowerInvariant()}. Say in 'rest: {{records: …}}' where the list is.");
        }
    }

    private void Enter(int at, string part)
    {
        names.RemoveRange(Math.Min(at, names.Count), Math.Max(0, names.Count - at));
        while (names.Count < at)
        {
            names.Add(Item);
        }

        names.Add(part);
    }

    private void Write(ReadOnlySpan<byte> record)
    {
        if (!Utf8.IsValid(record))
        {
            // Not JSON, which is in UTF-8: a text, so that it is a malformed record that people can read.
            record = JsonSerializer.SerializeToUtf8Bytes(Encoding.UTF8.GetString(record));
        }

        hash.AppendData(record);
        hash.AppendData("\n"u8);
        Span<byte> number = stackalloc byte[24];
        Utf8Formatter.TryFormat(page, number, out var length);
        target.Write(number[..length]);
        target.WriteByte(RecordBatches.Separator);
        Utf8Formatter.TryFormat(++records, number, out length);
        target.Write(number[..length]);
        target.WriteByte(RecordBatches.Separator);

        // A line break within JSON is a space: texts have none.
        for (var cut = record.IndexOfAny((byte)'\n', (byte)'\r'); cut >= 0; cut = record.IndexOfAny((byte)'\n', (byte)'\r'))
        {
            target.Write(record[..cut]);
            target.WriteByte((byte)' ');
            record = record[(cut + 1)..];
        }

        target.Write(record);
        target.WriteByte((byte)'\n');
    }
}

/// <summary>What an answer holds.</summary>
/// <param name="Records">How many records there are.</param>
/// <param name="Hash">SHA-256 of them.</param>
internal sealed record PageContent(long Records, string Hash)
{
    /// <summary>The cursor or the URL of the next page, as its place in the answer has it.</summary>
    public string? Next { get; init; }

    /// <summary>Whether that place is there.</summary>
    public bool HasNext { get; init; }

    /// <summary>Whether the answer says that there are more pages; null: it does not say.</summary>
    public bool? More { get; init; }
}
