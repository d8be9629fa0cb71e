using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Medallion.Clustering;

/// <summary>Lloyd's algorithm over one matrix, exact: in each pass every row gets its nearest centroid, then every centroid becomes the mean of its rows.</summary>
/// <remarks>Lloyd, "Least squares quantization in PCM" (IEEE Trans. Inf. Theory 28, 1982). Each part keeps the sums of its clusters in 64-bit floats; a row is added or taken away only when its label changes.</remarks>
internal sealed class Lloyd
{
    // No cluster has this number.
    private const ushort None = ushort.MaxValue;

    private readonly FeatureMatrix matrix;
    private readonly KMeansOptions options;
    private readonly Partition partition;
    private readonly Centroids centroids;
    private readonly ushort[] labels;
    private readonly double[][] sums;
    private readonly int[][] sizes;
    private readonly long[] changes;

    private Lloyd(FeatureMatrix matrix, Centroids centroids, KMeansOptions options, Partition partition)
    {
        (this.matrix, this.centroids, this.options, this.partition) = (matrix, centroids, options, partition);
        labels = GC.AllocateUninitializedArray<ushort>(matrix.Blocks * FeatureMatrix.BlockRows);
        Array.Fill(labels, None);
        sums = [.. Enumerable.Range(0, partition.Parts).Select(_ => new double[centroids.K * centroids.Columns])];
        sizes = [.. Enumerable.Range(0, partition.Parts).Select(_ => new int[centroids.K])];
        changes = new long[partition.Parts];
    }

    /// <summary>Goes from the given centroids to the nearest minimum.</summary>
    /// <param name="matrix">The rows.</param>
    /// <param name="centroids">The first centroids; they become the last.</param>
    /// <param name="options">When to end.</param>
    /// <param name="partition">How the work is divided.</param>
    public static Minimum Run(FeatureMatrix matrix, Centroids centroids, KMeansOptions options, Partition partition) => new Lloyd(matrix, centroids, options, partition).Run();

    /// <summary>Gives every row the nearest of some centroids.</summary>
    public static Minimum Assign(FeatureMatrix matrix, Centroids centroids, KMeansOptions options, Partition partition)
    {
        var lloyd = new Lloyd(matrix, centroids, options, partition);
        lloyd.Pass();
        return lloyd.End(iterations: 0, converged: true);
    }

    private Minimum Run()
    {
        var tolerance = options.Tolerance * matrix.Variances.Average();
        for (var iteration = 1; iteration <= options.MaxIterations; iteration++)
        {
            if (Pass() == 0)
            {
                // The centroids are the means of these rows already. An empty one lies on a row that another one lies on too.
                var taken = Sizes().Count(size => size > 0);
                return taken == centroids.K ? End(iteration, converged: true) : throw EmptyClusters.TooFewRows(centroids.K, taken);
            }

            if (Move() <= tolerance)
            {
                Pass();
                if (!Sizes().Contains(0))
                {
                    return End(iteration, converged: true);
                }

                Move();
            }
        }

        Pass();
        return End(options.MaxIterations, converged: false);
    }

    private int[] Sizes()
    {
        var total = new int[centroids.K];
        foreach (var part in sizes)
        {
            for (var cluster = 0; cluster < total.Length; cluster++)
            {
                total[cluster] += part[cluster];
            }
        }

        return total;
    }

    private Minimum End(int iterations, bool converged)
    {
        var inertia = partition.Sum(part => Distances.SumOfSquares(matrix, centroids, labels, partition.First(part), partition.First(part + 1)));
        return new Minimum(centroids, labels.AsMemory(0, matrix.Rows), Sizes(), inertia, iterations, converged);
    }

    private long Pass()
    {
        partition.ForEach(Vector512.IsHardwareAccelerated && !options.Portable ? Pass<Nearest512> : Pass<NearestPortable>);
        return changes.Sum();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pass<TNearest>(int part)
        where TNearest : struct, INearest
    {
        Span<ushort> before = stackalloc ushort[FeatureMatrix.BlockRows];
        var (sum, size, changed) = (sums[part], sizes[part], 0L);
        var end = partition.First(part + 1);
        for (var block = partition.First(part); block < end; block++)
        {
            ref var values = ref matrix.Block(block);
            ref var label = ref labels[block * FeatureMatrix.BlockRows];
            var rows = matrix.RowsOf(block);
            var moved = TNearest.Assign(ref values, centroids, ref label, ref MemoryMarshal.GetReference(before)) & (uint)((1UL << rows) - 1);
            if (moved != 0)
            {
                changed += BitOperations.PopCount(moved);
                Recount(moved, ref values, ref label, before, sum, size);
            }
        }

        changes[part] = changed;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Recount(uint moved, ref float values, ref ushort label, ReadOnlySpan<ushort> before, double[] sum, int[] size)
    {
        var columns = matrix.Columns;
        for (; moved != 0; moved &= moved - 1)
        {
            var row = BitOperations.TrailingZeroCount(moved);
            var (from, to) = (before[row], Unsafe.Add(ref label, row));
            size[to]++;
            if (from == None)
            {
                RowSums.Add(ref Unsafe.Add(ref values, row), sum.AsSpan(to * columns, columns));
                continue;
            }

            size[from]--;
            RowSums.Move(ref Unsafe.Add(ref values, row), sum.AsSpan(from * columns, columns), sum.AsSpan(to * columns, columns));
        }
    }

    // Returns the sum of the squares of the centroids' shifts.
    private double Move()
    {
        var (total, count) = (new double[centroids.Exact.Length], Sizes());
        foreach (var part in sums)
        {
            for (var i = 0; i < total.Length; i++)
            {
                total[i] += part[i];
            }
        }

        if (count.Contains(0))
        {
            EmptyClusters.Fill(matrix, centroids, labels, total, count);
        }

        var shift = 0.0;
        for (var i = 0; i < total.Length; i++)
        {
            var mean = total[i] / count[i / matrix.Columns];
            shift += (mean - centroids.Exact[i]) * (mean - centroids.Exact[i]);
            centroids.Exact[i] = mean;
        }

        centroids.Prepare();
        return shift;
    }
}

/// <summary>Where a training ended.</summary>
internal sealed record Minimum(Centroids Centroids, ReadOnlyMemory<ushort> Labels, int[] Sizes, double Inertia, int Iterations, bool Converged);
