using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Clustering;

/// <summary>How a k-means model is trained.</summary>
public sealed record KMeansOptions
{
    /// <summary>The most clusters there can be.</summary>
    public const int MaxK = 65_534;

    /// <summary>Clusters; from 1 to <see cref="MaxK"/>, at most the number of distinct rows.</summary>
    public required int K { get; init; }

    /// <summary>The same seed over the same rows gives the same model, byte for byte, with any number of threads.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Trainings from different first centroids, of which the one with the least inertia is kept; 1 and more. Given centroids are tried once.</summary>
    public int Restarts { get; init; } = 4;

    /// <summary>Passes over the rows at most, in each training; 1 and more.</summary>
    public int MaxIterations { get; init; } = 300;

    /// <summary>Training ends when the centroids' squared shifts sum up to at most this share of the features' mean variance; 0: only when no row changes its cluster.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>The first centroids, in the unit of the features: <see cref="K"/> of them. Null: greedy k-means++ chooses.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? Centroids { get; init; }

    /// <summary>Threads that work at the same time.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>True: never the 512-bit path; the result is the same.</summary>
    internal bool Portable { get; init; }

    internal void Check(FeatureMatrix matrix)
    {
        Require(K is >= 1 and <= MaxK, $"k is {K}", $"1 to {MaxK}");
        Require(Restarts >= 1, $"restarts is {Restarts}", "1 or more");
        Require(MaxIterations >= 1, $"the number of iterations is {MaxIterations}", "1 or more");
        Require(Tolerance >= 0 && double.IsFinite(Tolerance), FormattableString.Invariant($"the tolerance is {Tolerance}"), "0 or more");
        Require(Threads >= 1, $"the number of threads is {Threads}", "1 or more");
        Require(matrix.Rows > 0, "there are no rows to cluster", "at least as many as clusters: look at the query and its filters");
        Require(K <= matrix.Rows, $"k is {K} and there are {matrix.Rows} rows", $"a k of at most {matrix.Rows}");
        if (Centroids is null)
        {
            return;
        }

        Require(Centroids.Count == K, $"{Centroids.Count} first centroids are given for a k of {K}", $"{K}");
        for (var i = 0; i < K; i++)
        {
            Require(Centroids[i].Count == matrix.Columns, $"the first centroid {i} has {Centroids[i].Count} values", $"{matrix.Columns}, one for each feature");
            Require(Centroids[i].All(double.IsFinite), $"the first centroid {i} has a value that is no finite number", "finite numbers");
            Require(
                Centroids[i].Select((value, column) => Math.Abs(value - matrix.Offsets[column]) / matrix.Scales[column]).All(distance => distance <= FeatureReader.Limit(matrix.Columns)),
                $"the first centroid {i} is too far from the rows for 32-bit floats",
                "one among the rows");
        }
    }

    private static void Require(bool holds, string found, string expected)
    {
        if (!holds)
        {
            throw new TerminalException($"k-means: {found}, expected: {expected}");
        }
    }
}
