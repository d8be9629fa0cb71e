using System.Runtime.CompilerServices;
using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>One column of a <see cref="DuckDbChunk"/>, in the library's memory: valid until the next chunk is asked for.</summary>
public sealed unsafe class DuckDbVector
{
    private readonly ChunkHandle chunk;
    private readonly void* data;
    private readonly ulong* validity;
    private readonly DuckDbVector[] children;

    internal DuckDbVector(ChunkHandle chunk, nint vector, DuckDbType type, int count)
    {
        this.chunk = chunk;
        Type = type;
        Count = count;
        data = NativeMethods.VectorGetData(vector);
        validity = NativeMethods.VectorGetValidity(vector);
        children = type.Id switch
        {
            TypeId.List => [new(chunk, NativeMethods.ListVectorGetChild(vector), type.Children[0].Type, checked((int)NativeMethods.ListVectorGetSize(vector)))],
            TypeId.Array => [new(chunk, NativeMethods.ArrayVectorGetChild(vector), type.Children[0].Type, checked(count * type.Length))],
            TypeId.Map => Fields(NativeMethods.ListVectorGetChild(vector), checked((int)NativeMethods.ListVectorGetSize(vector))),
            TypeId.Struct => Fields(vector, count),
            _ => [],
        };
    }

    /// <summary>Values, nulls included.</summary>
    public int Count { get; }

    /// <summary>False: no row is null, and <see cref="IsNull"/> need not be asked.</summary>
    public bool HasNulls => validity is not null;

    internal DuckDbType Type { get; }

    /// <summary>The value of a row as the type that <see cref="DuckDbResult"/> documents; null for NULL.</summary>
    public object? this[int row] => IsNull(row) ? null : ValueReader.Read(this, row);

    /// <summary>Whether the row is NULL; its place in <see cref="Values{T}"/> then holds anything.</summary>
    public bool IsNull(int row)
    {
        ObjectDisposedException.ThrowIf(chunk.IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
        return validity is not null && (validity[row >> 6] >> (row & 63) & 1) == 0;
    }

    /// <summary>The values without a copy, as DuckDB stores them: DATE as <see cref="int"/> days, TIME and TIMESTAMP as <see cref="long"/> microseconds since 1970,
    /// DECIMAL as the scaled 16- to 128-bit integer of its width.</summary>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> has not the size of the stored type, or the type has no fixed size.</exception>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(chunk.IsClosed, this);
        return Unsafe.SizeOf<T>() == StoredBytes(Type.StorageId)
            ? new ReadOnlySpan<T>(data, Count)
            : throw new InvalidOperationException($"A column of type {Type} cannot be read as {typeof(T).Name}.");
    }

    /// <summary>A VARCHAR as UTF-8, or a BLOB, without a copy.</summary>
    /// <exception cref="DuckDbException">The value is over 2 GiB.</exception>
    public ReadOnlySpan<byte> Bytes(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
        ObjectDisposedException.ThrowIf(chunk.IsClosed, this);
        return Type.StorageId is TypeId.Varchar or TypeId.Blob
            ? NativeString.Bytes((NativeString*)data + row)
            : throw new InvalidOperationException($"A column of type {Type} holds no bytes.");
    }

    /// <summary>A LIST's or ARRAY's elements of all rows; <see cref="Range"/> says which are a row's.</summary>
    public DuckDbVector Elements => children is [var elements]
        ? elements
        : throw new InvalidOperationException($"A column of type {Type} has no elements.");

    /// <summary>Where in <see cref="Elements"/> a row's are.</summary>
    public (int Offset, int Length) Range(int row)
    {
        ObjectDisposedException.ThrowIf(chunk.IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
        if (Type.Id == TypeId.Array)
        {
            return (row * Type.Length, Type.Length);
        }

        var entry = Type.Id is TypeId.List or TypeId.Map
            ? ((NativeListEntry*)data)[row]
            : throw new InvalidOperationException($"A column of type {Type} has no elements.");
        return checked(((int)entry.Offset, (int)entry.Length));
    }

    internal DuckDbVector Child(int index) => children[index];

    internal T Value<T>(int row)
        where T : unmanaged => ((T*)data)[row];

    private DuckDbVector[] Fields(nint vector, int count)
    {
        var fields = new DuckDbVector[Type.Children.Count];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = new DuckDbVector(chunk, NativeMethods.StructVectorGetChild(vector, (ulong)i), Type.Children[i].Type, count);
        }

        return fields;
    }

    private static int StoredBytes(TypeId stored) => stored switch
    {
        TypeId.Boolean or TypeId.TinyInt or TypeId.UTinyInt => 1,
        TypeId.SmallInt or TypeId.USmallInt => 2,
        TypeId.Integer or TypeId.UInteger or TypeId.Float or TypeId.Date => 4,
        TypeId.BigInt or TypeId.UBigInt or TypeId.Double or TypeId.Time or TypeId.TimeNs or TypeId.TimeTz or TypeId.Timestamp or TypeId.TimestampTz
            or TypeId.TimestampS or TypeId.TimestampMs or TypeId.TimestampNs => 8,
        TypeId.HugeInt or TypeId.UHugeInt or TypeId.Uuid => 16,
        _ => 0,
    };
}
