using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Medallion.Clustering;

/// <summary>Works on one row, whose values lie 32 places apart, four of them at a time in 64-bit floats.</summary>
internal static class RowSums
{
    private const int Stride = FeatureMatrix.BlockRows;

    /// <summary>Adds a row to a cluster's sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(ref float row, Span<double> sums)
    {
        ref var sum = ref MemoryMarshal.GetReference(sums);
        var column = 0;
        for (; column <= sums.Length - 4; column += 4)
        {
            (Vector256.LoadUnsafe(ref sum, (nuint)column) + Four(ref row, column)).StoreUnsafe(ref sum, (nuint)column);
        }

        for (; column < sums.Length; column++)
        {
            Unsafe.Add(ref sum, column) += Unsafe.Add(ref row, column * Stride);
        }
    }

    /// <summary>Takes a row from a cluster's sums and adds it to another's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Move(ref float row, Span<double> from, Span<double> to)
    {
        ref var loss = ref MemoryMarshal.GetReference(from);
        ref var gain = ref MemoryMarshal.GetReference(to);
        var column = 0;
        for (; column <= to.Length - 4; column += 4)
        {
            var values = Four(ref row, column);
            (Vector256.LoadUnsafe(ref gain, (nuint)column) + values).StoreUnsafe(ref gain, (nuint)column);
            (Vector256.LoadUnsafe(ref loss, (nuint)column) - values).StoreUnsafe(ref loss, (nuint)column);
        }

        for (; column < to.Length; column++)
        {
            double value = Unsafe.Add(ref row, column * Stride);
            Unsafe.Add(ref gain, column) += value;
            Unsafe.Add(ref loss, column) -= value;
        }
    }

    /// <summary>The squared distance of a row to a centroid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Square(ref float row, ReadOnlySpan<double> centroid)
    {
        ref var center = ref MemoryMarshal.GetReference(centroid);
        var (squares, column) = (Vector256<double>.Zero, 0);
        for (; column <= centroid.Length - 4; column += 4)
        {
            var difference = Four(ref row, column) - Vector256.LoadUnsafe(ref center, (nuint)column);
            squares += difference * difference;
        }

        var sum = Vector256.Sum(squares);
        for (; column < centroid.Length; column++)
        {
            var difference = Unsafe.Add(ref row, column * Stride) - Unsafe.Add(ref center, column);
            sum += difference * difference;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Four(ref float row, int column)
    {
        ref var value = ref Unsafe.Add(ref row, column * Stride);
        return Vector256.WidenLower(Vector128.Create(value, Unsafe.Add(ref value, Stride), Unsafe.Add(ref value, 2 * Stride), Unsafe.Add(ref value, 3 * Stride)).ToVector256Unsafe());
    }
}
