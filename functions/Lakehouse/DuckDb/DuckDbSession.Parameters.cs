using System.Globalization;
using System.Text;
using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

public sealed partial class DuckDbSession
{
    /// <summary>Adds rows to a table of this session.</summary>
    /// <param name="table">Its name, unquoted.</param>
    /// <param name="schema">Null: <c>main</c>.</param>
    /// <exception cref="DuckDbException">There is no such table.</exception>
    public DuckDbAppender Append(string table, string? schema = null)
    {
        ObjectDisposedException.ThrowIf(connection.IsClosed, this);
        return new DuckDbAppender(connection, schema, table);
    }

    private static void Bind(PreparedHandle prepared, IReadOnlyList<object?> parameters, Interruption interruption)
    {
        var expected = NativeMethods.ParameterCount(prepared);
        if (expected != (ulong)parameters.Count)
        {
            throw new DuckDbException(DuckDbErrorKind.ParameterNotResolved, $"The statement has {expected} parameters, {parameters.Count} values were given.");
        }

        for (var i = 0; i < parameters.Count; i++)
        {
            var value = CreateValue(parameters[i]);
            var state = NativeMethods.BindValue(prepared, (ulong)i + 1, value);
            NativeMethods.DestroyValue(ref value);
            if (state != State.Success)
            {
                throw interruption.Failure(NativeText.Borrowed(NativeMethods.PrepareError(prepared)));
            }
        }
    }

    internal static nint CreateValue(object? value) => value switch
    {
        null => NativeMethods.CreateNull(),
        bool flag => NativeMethods.CreateBool(flag),
        sbyte or byte or short or ushort or int => NativeMethods.CreateInt32(Convert.ToInt32(value, CultureInfo.InvariantCulture)),
        uint or long => NativeMethods.CreateInt64(Convert.ToInt64(value, CultureInfo.InvariantCulture)),
        ulong number => NativeMethods.CreateUInt64(number),
        Int128 number => NativeMethods.CreateHugeInt(new NativeHugeInt((UInt128)number)),
        decimal number => CreateDecimal(number),
        float number => NativeMethods.CreateFloat(number),
        double number => NativeMethods.CreateDouble(number),
        DateOnly date => NativeMethods.CreateDate(date.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber),
        TimeOnly time => NativeMethods.CreateTime(time.Ticks / TimeSpan.TicksPerMicrosecond),
        DateTime time => NativeMethods.CreateTimestamp(Microseconds(time)),
        DateTimeOffset time => NativeMethods.CreateTimestampTz(Microseconds(time.UtcDateTime)),
        Guid id => CreateUuid(id),
        string text => CreateText(text),
        byte[] bytes => CreateBlob(bytes),
        _ => throw new ArgumentException($"A {value.GetType()} cannot be a parameter.", nameof(value)),
    };

    private static long Microseconds(DateTime time) => (time.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private static nint CreateDecimal(decimal number)
    {
        Span<int> parts = stackalloc int[4];
        _ = decimal.GetBits(number, parts);
        var magnitude = (Int128)(new UInt128((uint)parts[2], ((ulong)(uint)parts[1] << 32) | (uint)parts[0]));
        return NativeMethods.CreateDecimal(new NativeDecimal(38, number.Scale, number < 0 ? -magnitude : magnitude));
    }

    private static nint CreateUuid(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = id.TryWriteBytes(bytes, bigEndian: true, out _);
        return NativeMethods.CreateUuid(new NativeHugeInt(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes)));
    }

    private static unsafe nint CreateText(string text)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(text))
        {
            return NativeMethods.CreateVarchar(bytes, (ulong)Encoding.UTF8.GetByteCount(text));
        }
    }

    private static unsafe nint CreateBlob(byte[] data)
    {
        fixed (byte* bytes = data)
        {
            return NativeMethods.CreateBlob(bytes, (ulong)data.Length);
        }
    }
}
