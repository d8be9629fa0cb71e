using System.Numerics;
using System.Runtime.CompilerServices;

namespace Pipeline.Medallion.Clustering;

/// <summary>With the vectors that the machine has.</summary>
internal readonly struct SquaresPortable : ISquares
{
    /// <inheritdoc/>
    public static void Add(ref float block, int columns, ref float nearest, ReadOnlySpan<float> candidates, Span<double> lanes)
    {
        for (var i = 0; i < candidates.Length / columns; i++)
        {
            for (var row = 0; row < FeatureMatrix.BlockRows; row += Vector<float>.Count)
            {
                var square = Vector.MinNative(Square(ref Unsafe.Add(ref block, row), candidates.Slice(i * columns, columns)), Vector.LoadUnsafe(ref nearest, (nuint)row));
                ref var lane = ref lanes[(i * FeatureMatrix.BlockRows) + row];
                Vector.Widen(square, out var low, out var high);
                (Vector.LoadUnsafe(ref lane) + low).StoreUnsafe(ref lane);
                (Vector.LoadUnsafe(ref lane, (nuint)Vector<double>.Count) + high).StoreUnsafe(ref lane, (nuint)Vector<double>.Count);
            }
        }
    }

    /// <inheritdoc/>
    public static void Take(ref float block, ref float nearest, ReadOnlySpan<float> centroid)
    {
        for (var row = 0; row < FeatureMatrix.BlockRows; row += Vector<float>.Count)
        {
            Vector.MinNative(Square(ref Unsafe.Add(ref block, row), centroid), Vector.LoadUnsafe(ref nearest, (nuint)row)).StoreUnsafe(ref nearest, (nuint)row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Square(ref float x, ReadOnlySpan<float> candidate)
    {
        var sum = Vector<float>.Zero;
        foreach (var value in candidate)
        {
            var difference = Vector.LoadUnsafe(ref x) - new Vector<float>(value);
            sum = Vector.FusedMultiplyAdd(difference, difference, sum);
            x = ref Unsafe.Add(ref x, FeatureMatrix.BlockRows);
        }

        return sum;
    }
}
