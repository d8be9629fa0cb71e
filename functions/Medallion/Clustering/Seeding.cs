using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    private readonly bool portable;

    // By row, the squared distance to the nearest centroid so far; zero after the last row.
    private readonly float[] nearest;
    private readonly double[] potentials;

    private Seeding(FeatureMatrix matrix, Partition partition, SplitMix random, bool portable)
    {
        (this.matrix, this.partition, this.random, this.portable) = (matrix, partition, random, portable);
        nearest = GC.AllocateUninitializedArray<float>(matrix.Blocks * BlockRows);
        Array.Fill(nearest, float.MaxValue);
        potentials = new double[partition.Parts];
    }

    /// <summary>Chooses the first centroids.</summary>
    public static Centroids Choose(FeatureMatrix matrix, int k, SplitMix random, Partition partition, bool portable) => new Seeding(matrix, partition, random, portable).Choose(k);

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
        var drawn = rows.SelectMany(Values).ToArray();
        var sums = new double[partition.Parts * rows.Length];
        partition.ForEach(part =>
        {
            var of = sums.AsSpan(part * rows.Length, rows.Length);
            if (Vector512.IsHardwareAccelerated && !portable)
            {
                Measure<Squares512>(part, drawn, of);
            }
            else
            {
                Measure<SquaresPortable>(part, drawn, of);
            }
        });
        Array.Clear(left);
        for (var i = 0; i < sums.Length; i++)
        {
            left[i % left.Length] += sums[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Measure<TSquares>(int part, ReadOnlySpan<float> drawn, Span<double> sums)
        where TSquares : struct, ISquares
    {
        Span<double> lanes = stackalloc double[BlockRows * sums.Length];
        lanes.Clear();
        var (end, columns) = (partition.First(part + 1), matrix.Columns);
        for (var block = partition.First(part); block < end; block++)
        {
            TSquares.Add(ref matrix.Block(block), columns, ref nearest[block * BlockRows], drawn, lanes);
        }

        for (var i = 0; i < sums.Length; i++)
        {
            foreach (var lane in lanes.Slice(i * BlockRows, BlockRows))
            {
                sums[i] += lane;
            }
        }
    }

    private void Take(Centroids centroids, int cluster, int row)
    {
        var values = Values(row);
        for (var column = 0; column < values.Length; column++)
        {
            centroids[cluster][column] = values[column];
        }

        partition.ForEach(part => potentials[part] = Vector512.IsHardwareAccelerated && !portable ? Take<Squares512>(part, values) : Take<SquaresPortable>(part, values));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private double Take<TSquares>(int part, float[] values)
        where TSquares : struct, ISquares
    {
        var (first, end) = (partition.First(part), partition.First(part + 1));
        for (var block = first; block < end; block++)
        {
            TSquares.Take(ref matrix.Block(block), ref nearest[block * BlockRows], values);
        }

        // After the last row there is nothing.
        nearest.AsSpan(Math.Min(matrix.Rows, end * BlockRows)..(end * BlockRows)).Clear();
        var sum = 0.0;
        foreach (var square in nearest.AsSpan(first * BlockRows, (end - first) * BlockRows))
        {
            sum += square;
        }

        return sum;
    }

    private float[] Values(int row) => [.. Enumerable.Range(0, matrix.Columns).Select(column => matrix.Value(row, column))];
}
