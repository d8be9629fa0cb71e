using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pipeline.Medallion.Clustering;

/// <summary>With the vectors that the machine has: tiles of four centroids and two vectors, which sixteen registers hold.</summary>
internal readonly struct NearestPortable : INearest
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Assign(ref float block, Centroids centroids, ref ushort labels, ref ushort before)
    {
        Span<int> found = stackalloc int[FeatureMatrix.BlockRows];
        for (var row = 0; row < FeatureMatrix.BlockRows; row += 2 * Vector<float>.Count)
        {
            Find(ref Unsafe.Add(ref block, row), centroids, ref found[row]);
        }

        MemoryMarshal.CreateSpan(ref labels, FeatureMatrix.BlockRows).CopyTo(MemoryMarshal.CreateSpan(ref before, FeatureMatrix.BlockRows));
        var changed = 0u;
        for (var row = 0; row < found.Length; row++)
        {
            var label = (ushort)found[row];
            changed |= (label != Unsafe.Add(ref labels, row) ? 1u : 0u) << row;
            Unsafe.Add(ref labels, row) = label;
        }

        return changed;
    }

    private static void Find(ref float rows, Centroids centroids, ref int found)
    {
        var (columns, k) = (centroids.Columns, centroids.K);
        ref var tile = ref centroids.Tiles;
        ref var bias = ref centroids.Biases;
        var (best0, best1) = (new Vector<float>(float.NegativeInfinity), new Vector<float>(float.NegativeInfinity));
        var (label0, label1) = (Vector<int>.Zero, Vector<int>.Zero);
        var cluster = Vector<int>.Zero;
        var wholeTiles = k / Centroids.Tile * Centroids.Tile;
        for (var left = k; left > 0;)
        {
            // A tile of eight is taken in two halves.
            var width = k - left < wholeTiles ? Centroids.Tile : left >= Centroids.HalfTile ? Centroids.HalfTile : 1;
            for (var half = 0; half < width; half += Centroids.HalfTile)
            {
                if (width == 1)
                {
                    var (a, b) = (new Vector<float>(bias), new Vector<float>(bias));
                    ref var x = ref rows;
                    for (var column = 0; column < columns; column++)
                    {
                        var c = new Vector<float>(Unsafe.Add(ref tile, column));
                        a = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x), c, a);
                        b = Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref x, (nuint)Vector<float>.Count), c, b);
                        x = ref Unsafe.Add(ref x, FeatureMatrix.BlockRows);
                    }

                    Take(a, b, ref best0, ref best1, ref label0, ref label1, ref cluster);
                }
                else
                {
                    ref var scores = ref Unsafe.Add(ref bias, half);
                    var (a0, a1, a2, a3) = (new Vector<float>(scores), new Vector<float>(Unsafe.Add(ref scores, 1)), new Vector<float>(Unsafe.Add(ref scores, 2)), new Vector<float>(Unsafe.Add(ref scores, 3)));
                    var (b0, b1, b2, b3) = (a0, a1, a2, a3);
                    ref var x = ref rows;
                    ref var values = ref Unsafe.Add(ref tile, half);
                    for (var column = 0; column < columns; column++)
                    {
                        var x0 = Vector.LoadUnsafe(ref x);
                        var x1 = Vector.LoadUnsafe(ref x, (nuint)Vector<float>.Count);
                        var c = new Vector<float>(values);
                        a0 = Vector.FusedMultiplyAdd(x0, c, a0);
                        b0 = Vector.FusedMultiplyAdd(x1, c, b0);
                        c = new Vector<float>(Unsafe.Add(ref values, 1));
                        a1 = Vector.FusedMultiplyAdd(x0, c, a1);
                        b1 = Vector.FusedMultiplyAdd(x1, c, b1);
                        c = new Vector<float>(Unsafe.Add(ref values, 2));
                        a2 = Vector.FusedMultiplyAdd(x0, c, a2);
                        b2 = Vector.FusedMultiplyAdd(x1, c, b2);
                        c = new Vector<float>(Unsafe.Add(ref values, 3));
                        a3 = Vector.FusedMultiplyAdd(x0, c, a3);
                        b3 = Vector.FusedMultiplyAdd(x1, c, b3);
                        x = ref Unsafe.Add(ref x, FeatureMatrix.BlockRows);
                        values = ref Unsafe.Add(ref values, width);
                    }

                    Take(a0, b0, ref best0, ref best1, ref label0, ref label1, ref cluster);
                    Take(a1, b1, ref best0, ref best1, ref label0, ref label1, ref cluster);
                    Take(a2, b2, ref best0, ref best1, ref label0, ref label1, ref cluster);
                    Take(a3, b3, ref best0, ref best1, ref label0, ref label1, ref cluster);
                }
            }

            tile = ref Unsafe.Add(ref tile, width * columns);
            bias = ref Unsafe.Add(ref bias, width);
            left -= width;
        }

        label0.StoreUnsafe(ref found);
        label1.StoreUnsafe(ref found, (nuint)Vector<int>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(Vector<float> a, Vector<float> b, ref Vector<float> best0, ref Vector<float> best1, ref Vector<int> label0, ref Vector<int> label1, ref Vector<int> cluster)
    {
        label0 = Vector.ConditionalSelect(Vector.GreaterThan(a, best0), cluster, label0);
        label1 = Vector.ConditionalSelect(Vector.GreaterThan(b, best1), cluster, label1);
        best0 = Vector.MaxNative(best0, a);
        best1 = Vector.MaxNative(best1, b);
        cluster += Vector<int>.One;
    }
}
