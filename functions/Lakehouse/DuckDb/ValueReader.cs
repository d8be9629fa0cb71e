using System.Globalization;
using System.Text;
using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Single values of vectors as CLR objects.</summary>
internal static class ValueReader
{
    public static object Read(DuckDbVector vector, int row)
    {
        var type = vector.Type;
        return type.Id switch
        {
            TypeId.Boolean => vector.Value<byte>(row) != 0,
            TypeId.TinyInt => vector.Value<sbyte>(row),
            TypeId.SmallInt => vector.Value<short>(row),
            TypeId.Integer => vector.Value<int>(row),
            TypeId.BigInt => vector.Value<long>(row),
            TypeId.UTinyInt => vector.Value<byte>(row),
            TypeId.USmallInt => vector.Value<ushort>(row),
            TypeId.UInteger => vector.Value<uint>(row),
            TypeId.UBigInt => vector.Value<ulong>(row),
            TypeId.HugeInt => vector.Value<Int128>(row),
            TypeId.UHugeInt => vector.Value<UInt128>(row),
            TypeId.Float => vector.Value<float>(row),
            TypeId.Double => vector.Value<double>(row),
            TypeId.Varchar => Encoding.UTF8.GetString(vector.Bytes(row)),
            TypeId.Blob => vector.Bytes(row).ToArray(),
            TypeId.Decimal => ReadDecimal(Scaled(vector, row), type.Scale),
            TypeId.Enum => type.EnumValues[EnumIndex(vector, row)],
            TypeId.Uuid => ReadUuid(vector.Value<UInt128>(row)),
            TypeId.Interval => ReadInterval(vector.Value<NativeInterval>(row)),
            TypeId.List or TypeId.Array => ReadList(vector, row),
            TypeId.Map => ReadMap(vector, row),
            TypeId.Struct => ReadStruct(vector, row),
            _ => Temporal.Read(type, vector, row),
        };
    }

    private static Int128 Scaled(DuckDbVector vector, int row) => vector.Type.StorageId switch
    {
        TypeId.SmallInt => vector.Value<short>(row),
        TypeId.Integer => vector.Value<int>(row),
        TypeId.BigInt => vector.Value<long>(row),
        _ => vector.Value<Int128>(row),
    };

    /// <summary>A <see cref="decimal"/> holds 96 bits; what is longer becomes text.</summary>
    private static object ReadDecimal(Int128 scaled, byte scale)
    {
        var magnitude = (UInt128)Int128.Abs(scaled);
        if (magnitude >> 96 == 0 && scale <= 28)
        {
            return new decimal((int)(uint)magnitude, (int)(uint)(magnitude >> 32), (int)(uint)(magnitude >> 64), scaled < 0, scale);
        }

        var digits = magnitude.ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        var sign = scaled < 0 ? "-" : "";
        return scale == 0 ? sign + digits : $"{sign}{digits[..^scale]}.{digits[^scale..]}";
    }

    private static int EnumIndex(DuckDbVector vector, int row) => vector.Type.StorageId switch
    {
        TypeId.UTinyInt => vector.Value<byte>(row),
        TypeId.USmallInt => vector.Value<ushort>(row),
        _ => checked((int)vector.Value<uint>(row)),
    };

    /// <summary>Stored as a big-endian integer with its top bit flipped, so that integer order is text order.</summary>
    private static Guid ReadUuid(UInt128 stored)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, stored ^ (UInt128.One << 127));
        return new Guid(bytes, bigEndian: true);
    }

    private static string ReadInterval(NativeInterval interval)
    {
        var parts = new List<string>();
        Add(interval.Months / 12, "year");
        Add(interval.Months % 12, "month");
        Add(interval.Days, "day");
        if (interval.Microseconds != 0 || parts.Count == 0)
        {
            var magnitude = (ulong)Int128.Abs(interval.Microseconds);
            var fraction = magnitude % 1_000_000;
            parts.Add(string.Create(CultureInfo.InvariantCulture,
                $"{(interval.Microseconds < 0 ? "-" : "")}{magnitude / 3_600_000_000:00}:{magnitude / 60_000_000 % 60:00}:{magnitude / 1_000_000 % 60:00}{(fraction == 0 ? "" : $".{fraction:000000}".TrimEnd('0'))}"));
        }

        return string.Join(' ', parts);

        void Add(int number, string unit)
        {
            if (number != 0)
            {
                parts.Add(string.Create(CultureInfo.InvariantCulture, $"{number} {unit}{(number is 1 or -1 ? "" : "s")}"));
            }
        }
    }

    private static List<object?> ReadList(DuckDbVector vector, int row)
    {
        var (offset, length) = vector.Range(row);
        var list = new List<object?>(length);
        for (var i = offset; i < offset + length; i++)
        {
            list.Add(vector.Elements[i]);
        }

        return list;
    }

    private static Dictionary<string, object?> ReadMap(DuckDbVector vector, int row)
    {
        var (offset, length) = vector.Range(row);
        var map = new Dictionary<string, object?>(length, StringComparer.Ordinal);
        for (var i = offset; i < offset + length; i++)
        {
            map[Convert.ToString(vector.Child(0)[i], CultureInfo.InvariantCulture) ?? ""] = vector.Child(1)[i];
        }

        return map;
    }

    /// <summary>Fields of <c>row(…)</c> have no name: they get their 1-based number.</summary>
    private static Dictionary<string, object?> ReadStruct(DuckDbVector vector, int row)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        for (var i = 0; i < vector.Type.Children.Count; i++)
        {
            var name = vector.Type.Children[i].Name;
            fields[name.Length == 0 ? (i + 1).ToString(CultureInfo.InvariantCulture) : name] = vector.Child(i)[row];
        }

        return fields;
    }
}
