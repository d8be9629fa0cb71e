using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>How a column's values look in PostgreSQL's binary format.</summary>
internal enum CopyKind
{
    /// <summary>One byte.</summary>
    Boolean,

    /// <summary>smallint.</summary>
    Int16,

    /// <summary>integer.</summary>
    Int32,

    /// <summary>bigint.</summary>
    Int64,

    /// <summary>real.</summary>
    Single,

    /// <summary>double precision.</summary>
    Double,

    /// <summary>date.</summary>
    Date,

    /// <summary>timestamptz.</summary>
    Time,

    /// <summary>numeric.</summary>
    Numeric,

    /// <summary>text or bytea.</summary>
    Bytes,
}

/// <summary>A column that is copied.</summary>
/// <param name="Kind">How its values look.</param>
/// <param name="Precision">Digits of a decimal.</param>
/// <param name="Scale">How many of them come after the point.</param>
internal sealed partial record CopyColumn(CopyKind Kind, int Precision = 0, int Scale = 0)
{
    /// <summary>The most that a numeric takes: 38 digits and those that fill up their groups, after a head of four numbers.</summary>
    public const int NumericBytes = (4 + 12) * sizeof(short);

    private const int GroupDigits = 4;
    private const uint Group = 10_000;

    /// <summary>How the column of a result is copied.</summary>
    public static CopyColumn Of(DuckDbColumn column) => column.Type switch
    {
        "BOOLEAN" => new(CopyKind.Boolean),
        "SMALLINT" => new(CopyKind.Int16),
        "INTEGER" => new(CopyKind.Int32),
        "BIGINT" => new(CopyKind.Int64),
        "FLOAT" => new(CopyKind.Single),
        "DOUBLE" => new(CopyKind.Double),
        "DATE" => new(CopyKind.Date),
        "TIMESTAMP WITH TIME ZONE" => new(CopyKind.Time),
        "VARCHAR" or "BLOB" => new(CopyKind.Bytes),
        var type when Decimal().Match(type) is { Success: true } match =>
            new(CopyKind.Numeric, int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)),
        var other => throw new InvalidOperationException($"The column {column.Name} is a {other}, for which there is no binary format."),
    };

    /// <summary>Writes a decimal with its length: groups of four digits (https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c, numeric_send).</summary>
    /// <returns>How many bytes that is.</returns>
    public int Numeric(DuckDbVector vector, int row, Span<byte> output)
    {
        var value = Precision switch
        {
            <= 4 => vector.Values<short>()[row],
            <= 9 => vector.Values<int>()[row],
            <= 18 => vector.Values<long>()[row],
            _ => vector.Values<Int128>()[row],
        };
        var fraction = (Scale + GroupDigits - 1) / GroupDigits;
        Span<short> groups = stackalloc short[12];
        var count = Split(UnsignedOf(value), (fraction * GroupDigits) - Scale, groups);
        var written = sizeof(int);
        BinaryPrimitives.WriteInt32BigEndian(output, (4 + count) * sizeof(short));
        ReadOnlySpan<short> head = [(short)count, (short)(count == 0 ? 0 : count - fraction - 1), (short)(value < 0 ? 0x4000 : 0), (short)Scale];
        foreach (var number in head)
        {
            BinaryPrimitives.WriteInt16BigEndian(output[written..], number);
            written += sizeof(short);
        }

        for (var at = count - 1; at >= 0; at--)
        {
            BinaryPrimitives.WriteInt16BigEndian(output[written..], groups[at]);
            written += sizeof(short);
        }

        return written;
    }

    // The last group first; zeros fill it up, so that the point lies between groups.
    private static int Split(UInt128 digits, int fill, Span<short> groups)
    {
        uint power = fill switch { 1 => 10, 2 => 100, 3 => 1000, _ => 1 };
        var count = 0;
        if (digits > 0 && power > 1)
        {
            groups[count++] = (short)((uint)(digits % (Group / power)) * power);
            digits /= Group / power;
        }

        for (; digits > ulong.MaxValue; digits /= Group)
        {
            groups[count++] = (short)(uint)(digits % Group);
        }

        for (var small = (ulong)digits; small > 0; small /= Group)
        {
            groups[count++] = (short)(small % Group);
        }

        return count;
    }

    private static UInt128 UnsignedOf(Int128 value) => value < 0 ? (UInt128)(-value) : (UInt128)value;

    [GeneratedRegex(@"^DECIMAL\((\d{1,2}),(\d{1,2})\)$")]
    private static partial Regex Decimal();
}
