using System.Runtime.CompilerServices;

namespace Pipeline.Medallion.Clustering;

/// <summary>Distances of rows to centroids, in 64-bit floats.</summary>
internal static class Distances
{
    /// <summary>The squared distance of a row.</summary>
    public static double Square(FeatureMatrix matrix, int row, ReadOnlySpan<double> centroid)
    {
        ref var values = ref Unsafe.Add(ref matrix.Block(row / FeatureMatrix.BlockRows), row % FeatureMatrix.BlockRows);
        return RowSums.Square(ref values, centroid);
    }

    /// <summary>The sum of the squared distances of some blocks' rows to their own centroids.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SumOfSquares(FeatureMatrix matrix, Centroids centroids, ReadOnlySpan<ushort> labels, int firstBlock, int endBlock)
    {
        var sum = 0.0;
        var end = Math.Min(matrix.Rows, endBlock * FeatureMatrix.BlockRows);
        for (var row = firstBlock * FeatureMatrix.BlockRows; row < end; row++)
        {
            sum += Square(matrix, row, centroids[labels[row]]);
        }

        return sum;
    }
}
