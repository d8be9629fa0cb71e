using System.Buffers.Binary;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Reads what COPY … TO STDOUT (FORMAT BINARY) sends (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format").</summary>
/// <param name="columns">The columns, in their order.</param>
/// <param name="rows">Receives the rows.</param>
internal sealed class BinaryCopy(IReadOnlyList<SqlColumn> columns, WireTable rows)
{
    private const int SignatureBytes = 11;
    private const int HeaderBytes = SignatureBytes + sizeof(int) + sizeof(int);
    private byte[] buffer = new byte[128 * 1024];
    private int start;
    private int end;
    private bool ended;

    /// <summary>Reads to the end.</summary>
    /// <param name="stream">What the server sends.</param>
    /// <param name="full">Takes a batch that is full.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="EndOfStreamException">It breaks off.</exception>
    public async Task ReadAsync(Stream stream, Func<Task> full, CancellationToken cancellationToken)
    {
        while (end < HeaderBytes)
        {
            await FillAsync(stream, cancellationToken);
        }

        start = HeaderBytes + BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(SignatureBytes + sizeof(int)));
        while (!ended)
        {
            if (!TakeRow())
            {
                await FillAsync(stream, cancellationToken);
            }
            else if (rows.IsFull)
            {
                await full();
            }
        }

        // What comes after the end is the server's word that it was one.
        while (await stream.ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }

    // A row is taken when all of it is there.
    private bool TakeRow()
    {
        var unread = buffer.AsSpan(start, end - start);
        if (unread.Length < sizeof(short))
        {
            return false;
        }

        var fields = BinaryPrimitives.ReadInt16BigEndian(unread);
        if (fields < 0)
        {
            return ended = true;
        }

        var length = sizeof(short);
        for (var field = 0; field < fields; field++)
        {
            if (unread.Length < length + sizeof(int))
            {
                return false;
            }

            length += sizeof(int) + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(unread[length..]));
        }

        if (unread.Length < length)
        {
            return false;
        }

        Append(unread[sizeof(short)..length], fields);
        start += length;
        return true;
    }

    private void Append(ReadOnlySpan<byte> row, int fields)
    {
        for (var field = 0; field < fields; field++)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(row);
            row = row[sizeof(int)..];
            if (size < 0)
            {
                rows.AddNothing();
                continue;
            }

            var value = row[..size];
            row = row[size..];
            switch (columns[field].Wire, size)
            {
                case (Wire.Integer, 1):
                    rows.Add((long)value[0]);
                    break;
                case (Wire.Integer, 2):
                    rows.Add((long)BinaryPrimitives.ReadInt16BigEndian(value));
                    break;
                case (Wire.Integer, 4):
                    rows.Add((long)BinaryPrimitives.ReadInt32BigEndian(value));
                    break;
                case (Wire.Integer, 8):
                    rows.Add(BinaryPrimitives.ReadInt64BigEndian(value));
                    break;
                case (Wire.Real, 4):
                    rows.Add((double)BinaryPrimitives.ReadSingleBigEndian(value));
                    break;
                case (Wire.Real, 8):
                    rows.Add(BinaryPrimitives.ReadDoubleBigEndian(value));
                    break;
                case (Wire.Text or Wire.Bytes, _):
                    rows.Add(field, value);
                    break;
                default:
                    throw new InvalidDataException($"Column '{columns[field].Source}' came with {size} bytes, which no {columns[field].SourceType} has.");
            }
        }

        rows.EndRow();
    }

    private async Task FillAsync(Stream stream, CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, checked(buffer.Length * 2));
        }

        var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
        end += read > 0 ? read : throw new EndOfStreamException("The rows break off before their end.");
    }
}
