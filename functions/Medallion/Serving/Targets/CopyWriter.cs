using System.Buffers.Binary;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>Writes rows as COPY … FROM STDIN (FORMAT BINARY) takes them (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"), chunk after chunk.</summary>
internal sealed class CopyWriter
{
    private const int FlushBytes = 256 * 1024;
    private const int DaysTo2000 = 10957;
    private const long MicrosecondsTo2000 = 946_684_800_000_000;
    private readonly CopyColumn[] columns;
    private byte[] buffer = new byte[2 * FlushBytes];
    private int length;

    /// <param name="result">Gives the rows.</param>
    public CopyWriter(IEnumerable<DuckDbColumn> result) => columns = [.. result.Select(CopyColumn.Of)];

    /// <summary>Writes all rows.</summary>
    public async Task WriteAsync(DuckDbResult rows, Stream stream, CancellationToken cancellationToken)
    {
        Begin();
        while (rows.NextChunk() is { } chunk)
        {
            for (var row = 0; row < chunk.Rows; row++)
            {
                Append(chunk, row);
                if (length >= FlushBytes)
                {
                    await stream.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
                    length = 0;
                }
            }
        }

        BinaryPrimitives.WriteInt16BigEndian(Room(sizeof(short)), -1);
        await stream.WriteAsync(buffer.AsMemory(0, length), cancellationToken);
    }

    // The signature, no flags, no extension.
    private void Begin()
    {
        ReadOnlySpan<byte> head = [.. "PGCOPY\n"u8, 0xFF, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];
        head.CopyTo(Room(head.Length));
    }

    private void Append(DuckDbChunk chunk, int row)
    {
        BinaryPrimitives.WriteInt16BigEndian(Room(sizeof(short)), (short)columns.Length);
        for (var at = 0; at < columns.Length; at++)
        {
            var vector = chunk[at];
            if (vector.HasNulls && vector.IsNull(row))
            {
                BinaryPrimitives.WriteInt32BigEndian(Room(sizeof(int)), -1);
                continue;
            }

            switch (columns[at].Kind)
            {
                case CopyKind.Boolean:
                    Field(1)[0] = vector.Values<byte>()[row];
                    break;
                case CopyKind.Int16:
                    BinaryPrimitives.WriteInt16BigEndian(Field(sizeof(short)), vector.Values<short>()[row]);
                    break;
                case CopyKind.Int32:
                    BinaryPrimitives.WriteInt32BigEndian(Field(sizeof(int)), vector.Values<int>()[row]);
                    break;
                case CopyKind.Int64:
                    BinaryPrimitives.WriteInt64BigEndian(Field(sizeof(long)), vector.Values<long>()[row]);
                    break;
                case CopyKind.Single:
                    BinaryPrimitives.WriteSingleBigEndian(Field(sizeof(float)), vector.Values<float>()[row]);
                    break;
                case CopyKind.Double:
                    BinaryPrimitives.WriteDoubleBigEndian(Field(sizeof(double)), vector.Values<double>()[row]);
                    break;
                case CopyKind.Date:
                    BinaryPrimitives.WriteInt32BigEndian(Field(sizeof(int)), Days(vector.Values<int>()[row]));
                    break;
                case CopyKind.Time:
                    BinaryPrimitives.WriteInt64BigEndian(Field(sizeof(long)), Microseconds(vector.Values<long>()[row]));
                    break;
                case CopyKind.Numeric:
                    var digits = columns[at].Numeric(vector, row, buffer.AsSpan(Reserve(CopyColumn.NumericBytes + sizeof(int))));
                    length += digits;
                    break;
                default:
                    var bytes = vector.Bytes(row);
                    bytes.CopyTo(Field(bytes.Length));
                    break;
            }
        }
    }

    // DuckDB's infinities are the greatest numbers and their negatives; the other end is one further here.
    private static int Days(int days) => days switch { int.MaxValue => int.MaxValue, -int.MaxValue => int.MinValue, _ => days - DaysTo2000 };

    private static long Microseconds(long time) => time switch { long.MaxValue => long.MaxValue, -long.MaxValue => long.MinValue, _ => time - MicrosecondsTo2000 };

    private Span<byte> Field(int size)
    {
        BinaryPrimitives.WriteInt32BigEndian(Room(sizeof(int)), size);
        return Room(size);
    }

    private Span<byte> Room(int size)
    {
        var start = Reserve(size);
        length += size;
        return buffer.AsSpan(start, size);
    }

    private int Reserve(int size)
    {
        if (buffer.Length - length < size)
        {
            Array.Resize(ref buffer, checked(Math.Max(buffer.Length * 2, length + size)));
        }

        return length;
    }
}
