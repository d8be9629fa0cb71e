using System.Numerics;
using System.Runtime.CompilerServices;

namespace Pipeline.Medallion.Clustering;

/// <summary>Greedy k-means++: each next centroid is a row, drawn with a chance in proportion to its squared distance to the nearest centroid so far; of some that were drawn, the one that leaves the least
/// sum of these squares.</summary>
/// <remarks>Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding" (SODA 2007); as many draws as scikit-learn: 2 + ⌊ln k⌋.</remarks>
internal sealed class Seeding
{
    private const int BlockRows = FeatureMatrix.BlockRows;

    private readonly FeatureMatrix matrix;
    private readonly Partition partition;
    private readonly SplitMix random;

    // By row, the squared distance to the nearest centroid so far; zero after the last row.
    private readonly float[] nearest;
    private readonly double[] potentials;

    private Seeding(FeatureMatrix matrix, Partition partition, SplitMix random)
    {
        (this.matrix, this.partition, this.random) = (matrix, partition, random);
        nearest = GC.AllocateUninitializedArray<float>(matrix.Blocks * BlockRows);
        Array.Fill(nearest, float.MaxValue);
        potentials = new double[partition.Parts];
    }

    public static Centroids Choose(FeatureMatrix matrix, int k, SplitMix random, Partition partition) => new Seeding(matrix, partition, random).Choose(k);

    private Centroids Choose(int k)
    {
        var centroids = new Centroids(k, matrix.Columns);
        Take(centroids, 0, random.Next(matrix.Rows));
        var draws = 2 + (int)Math.Log(k);
        var (rows, left) = (new int[draws], new double[draws]);
        for (var cluster = 1; cluster < k; cluster++)
        {
            var potential = potentials.Aggregate(0.0, (a, b) => a + b);
            if (potential == 0)
            {
                throw EmptyClusters.TooFewRows(k, cluster);
            }

            for (var i = 0; i < draws; i++)
            {
                rows[i] = Draw(random.NextDouble() * potential);
            }

            Measure(rows, left);
            Take(centroids, cluster, rows[Array.IndexOf(left, left.Min())]);
        }

        centroids.Prepare();
        return centroids;
    }

    // The row at which the running sum of the squares passes a value.
    private int Draw(double value)
    {
        var part = 0;
        for (; part < partition.Parts - 1 && (value >= potentials[part] || potentials[part] == 0); part++)
        {
            value -= potentials[part];
        }

        var last = -1;
        for (var row = partition.First(part) * BlockRows; row < Math.Min(matrix.Rows, partition.First(part + 1) * BlockRows); row++)
        {
            if (nearest[row] > 0)
            {
                last = row;
                value -= nearest[row];
                if (value < 0)
                {
                    return row;
                }
            }
        }

        // Rounding let the value pass the end.
        return last >= 0 ? last : Array.FindLastIndex(nearest, square => square > 0);
    }

    // For each row drawn, the sum that it would leave.
    private void Measure(int[] rows, double[] left)
    {
        var drawn = rows.Select(Values).ToArray();
        var sums = new double[partition.Parts * rows.Length];
        partition.ForEach(part => Measure(part, drawn, sums.AsSpan(part * rows.Length, rows.Length)));
        Array.Clear(left);
        for (var i = 0; i < sums.Length; i++)
        {
            left[i % left.Length] += sums[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Measure(int part, float[][] drawn, Span<double> sums)
    {
        Span<double> lanes = stackalloc double[BlockRows * drawn.Length];
        lanes.Clear();
        Span<float> squares = stackalloc float[BlockRows];
        var end = partition.First(part + 1);
        for (var block = partition.First(part); block < end; block++)
        {
            for (var i = 0; i < drawn.Length; i++)
            {
                Squares(block, drawn[i], squares);
                Add(squares, lanes.Slice(i * BlockRows, BlockRows));
            }
        }

        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = Total(lanes.Slice(i * BlockRows, BlockRows));
        }
    }

    private void Take(Centroids centroids, int cluster, int row)
    {
        var values = Values(row);
        for (var column = 0; column < values.Length; column++)
        {
            centroids[cluster][column] = values[column];
        }

        partition.ForEach(part => potentials[part] = Take(part, values));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Take(int part, float[] values)
    {
        Span<double> lanes = stackalloc double[BlockRows];
        lanes.Clear();
        Span<float> squares = stackalloc float[BlockRows];
        var end = partition.First(part + 1);
        for (var block = partition.First(part); block < end; block++)
        {
            Squares(block, values, squares);
            squares[matrix.RowsOf(block)..].Clear();
            Add(squares, lanes);
            squares.CopyTo(nearest.AsSpan(block * BlockRows));
        }

        return Total(lanes);
    }

    // What the squares of a block's rows would be with one more centroid.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Squares(int block, float[] values, Span<float> squares)
    {
        ref var rows = ref matrix.Block(block);
        var nearestOfBlock = nearest.AsSpan(block * BlockRows, BlockRows);
        for (var row = 0; row < BlockRows; row += 2 * Vector<float>.Count)
        {
            ref var x = ref Unsafe.Add(ref rows, row);
            var (low, high) = (Vector<float>.Zero, Vector<float>.Zero);
            foreach (var value in values)
            {
                var centroid = new Vector<float>(value);
                var (a, b) = (Vector.LoadUnsafe(ref x) - centroid, Vector.LoadUnsafe(ref x, (nuint)Vector<float>.Count) - centroid);
                low = Vector.FusedMultiplyAdd(a, a, low);
                high = Vector.FusedMultiplyAdd(b, b, high);
                x = ref Unsafe.Add(ref x, BlockRows);
            }

            Vector.MinNative(low, new Vector<float>(nearestOfBlock[row..])).CopyTo(squares[row..]);
            Vector.MinNative(high, new Vector<float>(nearestOfBlock[(row + Vector<float>.Count)..])).CopyTo(squares[(row + Vector<float>.Count)..]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ReadOnlySpan<float> squares, Span<double> lanes)
    {
        for (var row = 0; row < BlockRows; row += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(squares[row..]), out var low, out var high);
            (new Vector<double>(lanes[row..]) + low).CopyTo(lanes[row..]);
            (new Vector<double>(lanes[(row + Vector<double>.Count)..]) + high).CopyTo(lanes[(row + Vector<double>.Count)..]);
        }
    }

    private static double Total(ReadOnlySpan<double> lanes)
    {
        var sum = 0.0;
        foreach (var lane in lanes)
        {
            sum += lane;
        }

        return sum;
    }

    private float[] Values(int row) => [.. Enumerable.Range(0, matrix.Columns).Select(column => matrix.Value(row, column))];
}
