using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pipeline.Medallion.Clustering;

/// <summary>With vectors of 512 bits: a block is two of them, a tile of eight centroids fills sixteen registers with scores.</summary>
internal readonly struct Nearest512 : INearest
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Assign(ref float block, Centroids centroids, ref ushort labels, ref ushort before)
    {
        var (columns, k) = (centroids.Columns, centroids.K);
        ref var tile = ref centroids.Tiles;
        ref var bias = ref centroids.Biases;
        var (best0, best1) = (Vector512.Create(float.NegativeInfinity), Vector512.Create(float.NegativeInfinity));
        var (label0, label1) = (Vector512<int>.Zero, Vector512<int>.Zero);
        var cluster = Vector512<int>.Zero;
        var left = k;
        var lines = centroids.LinesPerTile;
        ref var ahead = ref Unsafe.Add(ref block, FeatureMatrix.BlockRows * columns);
        for (; left >= Centroids.Tile; left -= Centroids.Tile)
        {
            ahead = ref Fetch(ref ahead, lines);
            var a0 = Vector512.Create(bias);
            var a1 = Vector512.Create(Unsafe.Add(ref bias, 1));
            var a2 = Vector512.Create(Unsafe.Add(ref bias, 2));
            var a3 = Vector512.Create(Unsafe.Add(ref bias, 3));
            var a4 = Vector512.Create(Unsafe.Add(ref bias, 4));
            var a5 = Vector512.Create(Unsafe.Add(ref bias, 5));
            var a6 = Vector512.Create(Unsafe.Add(ref bias, 6));
            var a7 = Vector512.Create(Unsafe.Add(ref bias, 7));
            var (b0, b1, b2, b3, b4, b5, b6, b7) = (a0, a1, a2, a3, a4, a5, a6, a7);
            ref var x = ref block;
            for (var column = 0; column < columns; column++)
            {
                var x0 = Vector512.LoadUnsafe(ref x);
                var x1 = Vector512.LoadUnsafe(ref x, 16);
                var c0 = Vector512.Create(tile);
                a0 = Vector512.FusedMultiplyAdd(x0, c0, a0);
                b0 = Vector512.FusedMultiplyAdd(x1, c0, b0);
                var c1 = Vector512.Create(Unsafe.Add(ref tile, 1));
                a1 = Vector512.FusedMultiplyAdd(x0, c1, a1);
                b1 = Vector512.FusedMultiplyAdd(x1, c1, b1);
                var c2 = Vector512.Create(Unsafe.Add(ref tile, 2));
                a2 = Vector512.FusedMultiplyAdd(x0, c2, a2);
                b2 = Vector512.FusedMultiplyAdd(x1, c2, b2);
                var c3 = Vector512.Create(Unsafe.Add(ref tile, 3));
                a3 = Vector512.FusedMultiplyAdd(x0, c3, a3);
                b3 = Vector512.FusedMultiplyAdd(x1, c3, b3);
                var c4 = Vector512.Create(Unsafe.Add(ref tile, 4));
                a4 = Vector512.FusedMultiplyAdd(x0, c4, a4);
                b4 = Vector512.FusedMultiplyAdd(x1, c4, b4);
                var c5 = Vector512.Create(Unsafe.Add(ref tile, 5));
                a5 = Vector512.FusedMultiplyAdd(x0, c5, a5);
                b5 = Vector512.FusedMultiplyAdd(x1, c5, b5);
                var c6 = Vector512.Create(Unsafe.Add(ref tile, 6));
                a6 = Vector512.FusedMultiplyAdd(x0, c6, a6);
                b6 = Vector512.FusedMultiplyAdd(x1, c6, b6);
                var c7 = Vector512.Create(Unsafe.Add(ref tile, 7));
                a7 = Vector512.FusedMultiplyAdd(x0, c7, a7);
                b7 = Vector512.FusedMultiplyAdd(x1, c7, b7);
                x = ref Unsafe.Add(ref x, FeatureMatrix.BlockRows);
                tile = ref Unsafe.Add(ref tile, Centroids.Tile);
            }

            Take(a0, b0, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a1, b1, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a2, b2, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a3, b3, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a4, b4, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a5, b5, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a6, b6, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a7, b7, ref best0, ref best1, ref label0, ref label1, ref cluster);
            bias = ref Unsafe.Add(ref bias, Centroids.Tile);
        }

        if (left >= Centroids.HalfTile)
        {
            var a0 = Vector512.Create(bias);
            var a1 = Vector512.Create(Unsafe.Add(ref bias, 1));
            var a2 = Vector512.Create(Unsafe.Add(ref bias, 2));
            var a3 = Vector512.Create(Unsafe.Add(ref bias, 3));
            var (b0, b1, b2, b3) = (a0, a1, a2, a3);
            ref var x = ref block;
            for (var column = 0; column < columns; column++)
            {
                var x0 = Vector512.LoadUnsafe(ref x);
                var x1 = Vector512.LoadUnsafe(ref x, 16);
                var c0 = Vector512.Create(tile);
                a0 = Vector512.FusedMultiplyAdd(x0, c0, a0);
                b0 = Vector512.FusedMultiplyAdd(x1, c0, b0);
                var c1 = Vector512.Create(Unsafe.Add(ref tile, 1));
                a1 = Vector512.FusedMultiplyAdd(x0, c1, a1);
                b1 = Vector512.FusedMultiplyAdd(x1, c1, b1);
                var c2 = Vector512.Create(Unsafe.Add(ref tile, 2));
                a2 = Vector512.FusedMultiplyAdd(x0, c2, a2);
                b2 = Vector512.FusedMultiplyAdd(x1, c2, b2);
                var c3 = Vector512.Create(Unsafe.Add(ref tile, 3));
                a3 = Vector512.FusedMultiplyAdd(x0, c3, a3);
                b3 = Vector512.FusedMultiplyAdd(x1, c3, b3);
                x = ref Unsafe.Add(ref x, FeatureMatrix.BlockRows);
                tile = ref Unsafe.Add(ref tile, Centroids.HalfTile);
            }

            Take(a0, b0, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a1, b1, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a2, b2, ref best0, ref best1, ref label0, ref label1, ref cluster);
            Take(a3, b3, ref best0, ref best1, ref label0, ref label1, ref cluster);
            bias = ref Unsafe.Add(ref bias, Centroids.HalfTile);
            left -= Centroids.HalfTile;
        }

        for (; left > 0; left--)
        {
            var a = Vector512.Create(bias);
            var b = a;
            ref var x = ref block;
            for (var column = 0; column < columns; column++)
            {
                var c = Vector512.Create(tile);
                a = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref x), c, a);
                b = Vector512.FusedMultiplyAdd(Vector512.LoadUnsafe(ref x, 16), c, b);
                x = ref Unsafe.Add(ref x, FeatureMatrix.BlockRows);
                tile = ref Unsafe.Add(ref tile, 1);
            }

            Take(a, b, ref best0, ref best1, ref label0, ref label1, ref cluster);
            bias = ref Unsafe.Add(ref bias, 1);
        }

        var found = Vector512.Narrow(label0.AsUInt32(), label1.AsUInt32());
        var old = Vector512.LoadUnsafe(ref labels);
        var same = Vector512.Equals(found, old).ExtractMostSignificantBits();
        if ((uint)same != uint.MaxValue)
        {
            old.StoreUnsafe(ref before);
            found.StoreUnsafe(ref labels);
        }

        return ~(uint)same;
    }

    // Some of the next block, so that its first tile does not wait for memory; after the last block nothing is there to come.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe ref float Fetch(ref float ahead, int lines)
    {
        for (; lines > 0; lines--)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch1(Unsafe.AsPointer(ref ahead));
            }

            ahead = ref Unsafe.Add(ref ahead, Centroids.LineFloats);
        }

        return ref ahead;
    }

    // The first of equally good ones stays.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(
        Vector512<float> a, Vector512<float> b, ref Vector512<float> best0, ref Vector512<float> best1, ref Vector512<int> label0, ref Vector512<int> label1, ref Vector512<int> cluster)
    {
        label0 = Vector512.ConditionalSelect(Vector512.GreaterThan(a, best0).AsInt32(), cluster, label0);
        label1 = Vector512.ConditionalSelect(Vector512.GreaterThan(b, best1).AsInt32(), cluster, label1);
        best0 = Vector512.MaxNative(best0, a);
        best1 = Vector512.MaxNative(best1, b);
        cluster += Vector512<int>.One;
    }
}
