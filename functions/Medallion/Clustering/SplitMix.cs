namespace Pipeline.Medallion.Clustering;

/// <summary>Numbers that look random and are the same for the same seed, on every machine and in every version of .NET.</summary>
/// <remarks>SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA 2014).</remarks>
internal sealed class SplitMix(ulong seed)
{
    private const double OneBy53Bits = 1.0 / (1UL << 53);

    private ulong state = seed;

    /// <summary>Any 64 bits.</summary>
    public ulong Next()
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>From 0 inclusive to <paramref name="end"/> exclusive.</summary>
    public int Next(int end) => (int)(((UInt128)Next() * (ulong)end) >> 64);

    /// <summary>From 0 inclusive to 1 exclusive.</summary>
    public double NextDouble() => (Next() >> 11) * OneBy53Bits;

    /// <summary>Normally distributed with mean 0 and deviation 1 (Box and Muller, 1958).</summary>
    public double NextNormal() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());
}
