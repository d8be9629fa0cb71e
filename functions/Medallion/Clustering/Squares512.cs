using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Medallion.Clustering;

/// <summary>With vectors of 512 bits, two candidates at a time.</summary>
internal readonly struct Squares512 : ISquares
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(ref float block, int columns, ref float nearest, ReadOnlySpan<float> candidates, Span<double> lanes)
    {
        var near0 = Vector512.LoadUnsafe(ref nearest);
        var near1 = Vector512.LoadUnsafe(ref nearest, 16);
        ref var candidate = ref MemoryMarshal.GetReference(candidates);
        ref var lane = ref MemoryMarshal.GetReference(lanes);
        var left = candidates.Length / columns;
        for (; left >= 2; left -= 2)
        {
            var a0 = Vector512<float>.Zero;
            var a1 = Vector512<float>.Zero;
            var b0 = Vector512<float>.Zero;
            var b1 = Vector512<float>.Zero;
            ref var x = ref block;
            for (var column = 0; column < columns; column++)
            {
                var x0 = Vector512.LoadUnsafe(ref x);
                var x1 = Vector512.LoadUnsafe(ref x, 16);
                var a = Vector512.Create(Unsafe.Add(ref candidate, column));
                var b = Vector512.Create(Unsafe.Add(ref candidate, columns + column));
                var difference = x0 - a;
                a0 = Vector512.FusedMultiplyAdd(difference, difference, a0);
                difference = x1 - a;
                a1 = Vector512.FusedMultiplyAdd(difference, difference, a1);
                difference = x0 - b;
                b0 = Vector512.FusedMultiplyAdd(difference, difference, b0);
                difference = x1 - b;
                b1 = Vector512.FusedMultiplyAdd(difference, difference, b1);
                x = ref Unsafe.Add(ref x, FeatureMatrix.BlockRows);
            }

            Add(Vector512.MinNative(a0, near0), Vector512.MinNative(a1, near1), ref lane);
            Add(Vector512.MinNative(b0, near0), Vector512.MinNative(b1, near1), ref Unsafe.Add(ref lane, FeatureMatrix.BlockRows));
            candidate = ref Unsafe.Add(ref candidate, 2 * columns);
            lane = ref Unsafe.Add(ref lane, 2 * FeatureMatrix.BlockRows);
        }

        if (left == 1)
        {
            Square(ref block, columns, ref candidate, out var a0, out var a1);
            Add(Vector512.MinNative(a0, near0), Vector512.MinNative(a1, near1), ref lane);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Take(ref float block, ref float nearest, ReadOnlySpan<float> centroid)
    {
        Square(ref block, centroid.Length, ref MemoryMarshal.GetReference(centroid), out var a0, out var a1);
        Vector512.MinNative(a0, Vector512.LoadUnsafe(ref nearest)).StoreUnsafe(ref nearest);
        Vector512.MinNative(a1, Vector512.LoadUnsafe(ref nearest, 16)).StoreUnsafe(ref nearest, 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Square(ref float x, int columns, ref float candidate, out Vector512<float> low, out Vector512<float> high)
    {
        var a0 = Vector512<float>.Zero;
        var a1 = Vector512<float>.Zero;
        for (var column = 0; column < columns; column++)
        {
            var value = Vector512.Create(Unsafe.Add(ref candidate, column));
            var difference = Vector512.LoadUnsafe(ref x) - value;
            a0 = Vector512.FusedMultiplyAdd(difference, difference, a0);
            difference = Vector512.LoadUnsafe(ref x, 16) - value;
            a1 = Vector512.FusedMultiplyAdd(difference, difference, a1);
            x = ref Unsafe.Add(ref x, FeatureMatrix.BlockRows);
        }

        (low, high) = (a0, a1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<float> low, Vector512<float> high, ref double lane)
    {
        (Vector512.LoadUnsafe(ref lane) + Vector512.WidenLower(low)).StoreUnsafe(ref lane);
        (Vector512.LoadUnsafe(ref lane, 8) + Vector512.WidenUpper(low)).StoreUnsafe(ref lane, 8);
        (Vector512.LoadUnsafe(ref lane, 16) + Vector512.WidenLower(high)).StoreUnsafe(ref lane, 16);
        (Vector512.LoadUnsafe(ref lane, 24) + Vector512.WidenUpper(high)).StoreUnsafe(ref lane, 24);
    }
}
