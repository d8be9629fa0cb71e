namespace Pipeline.Medallion.Clustering;

/// <summary>Parts of a matrix that are worked on side by side. What they are depends on the matrix alone, and sums are put together in their order: the number of threads changes no bit of a result.</summary>
internal sealed class Partition
{
    private const int MostParts = 64;
    private const int LeastBlocks = 32;
    private const long MostSums = 8L << 20;

    private readonly FeatureMatrix matrix;
    private readonly ParallelOptions options;

    /// <param name="matrix">What is divided.</param>
    /// <param name="k">For how many clusters each part keeps sums.</param>
    /// <param name="threads">How many parts are worked on at the same time.</param>
    /// <param name="cancellationToken">Ends the work between two parts.</param>
    public Partition(FeatureMatrix matrix, int k, int threads, CancellationToken cancellationToken)
    {
        this.matrix = matrix;
        Parts = (int)Math.Max(1, Math.Min(Math.Min(matrix.Blocks / LeastBlocks, MostParts), MostSums / ((long)k * matrix.Columns)));
        options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
    }

    public int Parts { get; }

    /// <summary>The first block of a part; of the part after the last, the number of blocks.</summary>
    public int First(int part) => (int)((long)part * matrix.Blocks / Parts);

    /// <summary>Calls <paramref name="work"/> with each part.</summary>
    public void ForEach(Action<int> work)
    {
        if (options.MaxDegreeOfParallelism > 1 && Parts > 1)
        {
            Parallel.For(0, Parts, options, work);
            return;
        }

        for (var part = 0; part < Parts; part++)
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            work(part);
        }
    }

    /// <summary>Adds up what <paramref name="measure"/> gives for each part.</summary>
    public double Sum(Func<int, double> measure)
    {
        var sums = new double[Parts];
        ForEach(part => sums[part] = measure(part));
        return sums.Aggregate(0.0, (a, b) => a + b);
    }
}
