using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Pipeline.Benchmarks;

/// <summary>What the machine can do at most: multiply-adds in 32 bits on some threads, and bytes from memory.</summary>
/// <remarks>Williams, Waterman and Patterson, "Roofline" (CACM 52, 2009).</remarks>
internal sealed record Roofline(double Flops, double BytesPerSecond)
{
    private const int Accumulators = 16;
    private const int Rounds = 20_000_000;
    private const int StreamBytes = 256 << 20;
    private const int Times = 5;

    /// <summary>The most that work of so many operations for a byte can reach.</summary>
    public double Limit(double flopsPerByte) => Math.Min(Flops, BytesPerSecond * flopsPerByte);

    public static Roofline Measure(int threads)
    {
        var memory = GC.AllocateArray<float>(StreamBytes / sizeof(float), pinned: true);
        memory.AsSpan().Fill(1);
        var (flops, bytes) = (0.0, 0.0);
        for (var time = 0; time < Times; time++)
        {
            var width = Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector<float>.Count;
            var multiplied = Seconds(threads, _ => Vector512.IsHardwareAccelerated ? Multiply512() : Multiply());
            flops = Math.Max(flops, 2.0 * width * Accumulators * Rounds * threads / multiplied);
            var read = Seconds(threads, i => Read(memory.AsSpan((int)((long)memory.Length * i / threads), memory.Length / threads)));
            bytes = Math.Max(bytes, StreamBytes / read);
        }

        return new Roofline(flops, bytes);
    }

    private static double Seconds(int threads, Func<int, float> work)
    {
        // Of processor time: others' work takes nothing from it.
        var before = Environment.CpuUsage.UserTime;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => GC.KeepAlive(work(i)));
        return (Environment.CpuUsage.UserTime - before).TotalSeconds / threads;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Multiply512()
    {
        var (x, y) = (Vector512.Create(0.999f), Vector512.Create(0.001f));
        var (a, b, c, d, e, f, g, h) = (x, x, x, x, x, x, x, x);
        var (i, j, k, l, m, n, o, p) = (x, x, x, x, x, x, x, x);
        for (var round = 0; round < Rounds; round++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y);
            b = Vector512.FusedMultiplyAdd(b, x, y);
            c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y);
            e = Vector512.FusedMultiplyAdd(e, x, y);
            f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y);
            h = Vector512.FusedMultiplyAdd(h, x, y);
            i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y);
            k = Vector512.FusedMultiplyAdd(k, x, y);
            l = Vector512.FusedMultiplyAdd(l, x, y);
            m = Vector512.FusedMultiplyAdd(m, x, y);
            n = Vector512.FusedMultiplyAdd(n, x, y);
            o = Vector512.FusedMultiplyAdd(o, x, y);
            p = Vector512.FusedMultiplyAdd(p, x, y);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Multiply()
    {
        var (x, y) = (new Vector<float>(0.999f), new Vector<float>(0.001f));
        var (a, b, c, d, e, f, g, h) = (x, x, x, x, x, x, x, x);
        for (var round = 0; round < Rounds * 2; round++)
        {
            a = Vector.FusedMultiplyAdd(a, x, y);
            b = Vector.FusedMultiplyAdd(b, x, y);
            c = Vector.FusedMultiplyAdd(c, x, y);
            d = Vector.FusedMultiplyAdd(d, x, y);
            e = Vector.FusedMultiplyAdd(e, x, y);
            f = Vector.FusedMultiplyAdd(f, x, y);
            g = Vector.FusedMultiplyAdd(g, x, y);
            h = Vector.FusedMultiplyAdd(h, x, y);
        }

        return Vector.Sum(a + b + c + d + e + f + g + h);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Read(Span<float> memory)
    {
        var vectors = MemoryMarshal.Cast<float, Vector512<float>>(memory);
        var (a, b, c, d) = (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero);
        for (var i = 0; i + 3 < vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return Vector512.Sum(a + b + c + d);
    }
}
