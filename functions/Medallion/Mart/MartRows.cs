using System.Text.Json;
using System.Text.Json.Nodes;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Mart;

/// <summary>A page of an answer, read while it is written: nothing is held but the rows under way.</summary>
public sealed class MartRows : IDisposable
{
    private const int FlushBytes = 1 << 16;
    private readonly MartTable table;
    private readonly MartReading reading;
    private readonly DuckDbResult result;
    private readonly int limit;
    private readonly Func<long, string> next;
    private bool isFirstRead;

    internal MartRows(MartTable table, MartReading reading, string select, int limit, Func<long, string> next)
    {
        (this.table, this.reading, this.limit, this.next) = (table, reading, limit, next);
        result = reading.Do(() => reading.Session.Query(select, reading.Token));
        try
        {
            // What is wrong with the question shows before the first byte is answered.
            HasRow = Read();
            isFirstRead = true;
        }
        catch
        {
            // Its session goes back to the others.
            result.Dispose();
            throw;
        }
    }

    /// <summary>The columns.</summary>
    public IReadOnlyList<DuckDbColumn> Columns => result.Columns;

    /// <summary>The table's version.</summary>
    public long Version => table.Snapshot.Version;

    /// <summary>Tells this answer apart from all others, as an HTTP entity tag.</summary>
    public required string Tag { get; init; }

    /// <summary>How features were made; null for other questions.</summary>
    public Features.FittedFeatures? Fitted { get; init; }

    private bool HasRow { get; set; }

    /// <summary>Writes the page as JSON, in the shape of <see cref="MartAnswer"/>.</summary>
    /// <exception cref="QueryException">The query failed after its first rows, took too long, or has a value that is too long.</exception>
    public async Task WriteJsonAsync(Stream stream, CancellationToken cancellationToken)
    {
        await using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { SkipValidation = true });
        try
        {
            await WriteAsync(writer, cancellationToken);
        }
        catch
        {
            // What is not out yet stays in: disposing the writer would send it.
            writer.Reset();
            throw;
        }
    }

    private async Task WriteAsync(Utf8JsonWriter writer, CancellationToken cancellationToken)
    {
        writer.WriteStartObject();
        writer.WriteString("pipeline", table.Pipeline);
        writer.WriteString("table", table.Key.ToString());
        writer.WriteNumber("version", Version);
        writer.WriteString("committedUtc", table.Snapshot.CommittedUtc);
        writer.WritePropertyName("columns");
        Node(Columns).WriteTo(writer);
        if (Fitted is { } fitted)
        {
            writer.WritePropertyName("fitted");
            Node(fitted).WriteTo(writer);
        }

        writer.WriteStartArray("rows");
        var rows = 0;
        var more = false;
        foreach (var row in Rows())
        {
            if (rows == limit)
            {
                more = true;
                break;
            }

            rows++;
            writer.WriteStartArray();
            for (var i = 0; i < row.Count; i++)
            {
                if (JsonValues.Of(row[i], Columns[i].Name) is { } value)
                {
                    value.WriteTo(writer);
                }
                else
                {
                    writer.WriteNullValue();
                }
            }

            writer.WriteEndArray();
            if (writer.BytesPending > FlushBytes)
            {
                await writer.FlushAsync(cancellationToken);
            }
        }

        writer.WriteEndArray();
        if (more)
        {
            writer.WriteString("next", next(rows));
        }

        writer.WriteNumber("seconds", Math.Round(reading.Elapsed.TotalSeconds, 3));
        writer.WriteEndObject();
        await writer.FlushAsync(cancellationToken);
    }

    /// <summary>The page's rows by column, as they come; one more than the limit where there are more. To be asked for instead of rows, not after them.</summary>
    internal IReadOnlyList<object?[]> ToList() => [.. Rows().Take(limit).Select(row => row.ToArray())];

    /// <inheritdoc/>
    public void Dispose()
    {
        result.Dispose();
        reading.Dispose();
    }

    private IEnumerable<IReadOnlyList<object?>> Rows()
    {
        var values = new object?[Columns.Count];
        while (isFirstRead ? HasRow : Read())
        {
            isFirstRead = false;
            reading.Do(() =>
            {
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = result[i];
                }

                return true;
            });
            yield return values;
        }
    }

    // The serializer itself would flush the stream, and wait for it.
    private static JsonNode Node<T>(T value) => JsonSerializer.SerializeToNode(value, Json.Options) ?? throw new InvalidOperationException();

    private bool Read() => reading.Do(result.Read);
}

/// <summary>A page of an answer, as it is written.</summary>
public sealed record MartAnswer
{
    /// <summary>The pipeline.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table.</summary>
    public required string Table { get; init; }

    /// <summary>The table's version that was read.</summary>
    public required long Version { get; init; }

    /// <summary>When that version was committed.</summary>
    public required DateTimeOffset CommittedUtc { get; init; }

    /// <summary>The columns.</summary>
    public required IReadOnlyList<DuckDbColumn> Columns { get; init; }

    /// <summary>How features were made, to be sent with the next question for features; null for other questions.</summary>
    public Features.FittedFeatures? Fitted { get; init; }

    /// <summary>The rows; dates and times as ISO 8601, binary as base64, numbers beyond a double's range as text.</summary>
    public required IReadOnlyList<JsonArray> Rows { get; init; }

    /// <summary>What to send as <c>cursor</c> for the rows that follow; null: there are none.</summary>
    public string? Next { get; init; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; init; }
}
