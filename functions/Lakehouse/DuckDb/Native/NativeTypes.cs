using System.Runtime.InteropServices;

namespace Pipeline.Lakehouse.DuckDb.Native;

internal enum State
{
    Success = 0,
    Error = 1,
}

internal enum PendingState
{
    Ready = 0,
    NotReady = 1,
    Error = 2,
    NoTask = 3,
}

internal enum StatementType
{
    Invalid = 0,
    Select = 1,
    Insert = 2,
    Update = 3,
    Explain = 4,
    Delete = 5,
    Prepare = 6,
    Create = 7,
    Execute = 8,
    Alter = 9,
    Transaction = 10,
    Copy = 11,
    Analyze = 12,
    VariableSet = 13,
    CreateFunction = 14,
    Drop = 15,
    Export = 16,
    Pragma = 17,
    Vacuum = 18,
    Call = 19,
    Set = 20,
    Load = 21,
    Relation = 22,
    Extension = 23,
    LogicalPlan = 24,
    Attach = 25,
    Detach = 26,
    Multi = 27,
    CopyDatabase = 28,
    UpdateExtensions = 29,
    MergeInto = 30,
}

internal enum TypeId
{
    Invalid = 0,
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Float = 10,
    Double = 11,
    Timestamp = 12,
    Date = 13,
    Time = 14,
    Interval = 15,
    HugeInt = 16,
    Varchar = 17,
    Blob = 18,
    Decimal = 19,
    TimestampS = 20,
    TimestampMs = 21,
    TimestampNs = 22,
    Enum = 23,
    List = 24,
    Struct = 25,
    Map = 26,
    Uuid = 27,
    Union = 28,
    Bit = 29,
    TimeTz = 30,
    TimestampTz = 31,
    UHugeInt = 32,
    Array = 33,
    Any = 34,
    BigNum = 35,
    SqlNull = 36,
    TimeNs = 39,
    Geometry = 40,
    Variant = 41,
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeResult
{
    public ulong ColumnCount;
    public ulong RowCount;
    public ulong RowsChanged;
    public nint Columns;
    public nint ErrorMessage;
    public nint Internal;
}

/// <summary>Not <see cref="Int128"/>: that is passed and aligned differently.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeHugeInt(UInt128 bits)
{
    public readonly ulong Lower = (ulong)bits;
    public readonly ulong Upper = (ulong)(bits >> 64);
}

[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeDecimal(byte width, byte scale, Int128 value)
{
    public readonly byte Width = width;
    public readonly byte Scale = scale;
    public readonly NativeHugeInt Value = new((UInt128)value);
}

[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeInterval
{
    public readonly int Months;
    public readonly int Days;
    public readonly long Microseconds;
}

[StructLayout(LayoutKind.Sequential)]
internal readonly struct NativeListEntry
{
    public readonly ulong Offset;
    public readonly ulong Length;
}

/// <summary>duckdb_string_t: up to 12 bytes inline, else a pointer to <see cref="Length"/> bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal readonly unsafe struct NativeString
{
    private const uint InlineBytes = 12;

    [FieldOffset(0)]
    public readonly uint Length;

    [FieldOffset(4)]
    private readonly byte inlined;

    [FieldOffset(8)]
    private readonly byte* pointer;

    /// <summary>The value's bytes; valid as long as the chunk that holds <paramref name="text"/>.</summary>
    /// <exception cref="DuckDbException">Over 2 GiB: no span is that long.</exception>
    public static ReadOnlySpan<byte> Bytes(NativeString* text)
    {
        if (text->Length > int.MaxValue)
        {
            throw new DuckDbException(DuckDbErrorKind.OutOfRange, $"A value is {text->Length} bytes long; at most {int.MaxValue} can be read. Shorten it in the query.");
        }

        return new ReadOnlySpan<byte>(text->Length <= InlineBytes ? &text->inlined : text->pointer, (int)text->Length);
    }
}
