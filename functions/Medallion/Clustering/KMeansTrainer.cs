using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Clustering;

/// <summary>The built-in trainer: exact k-means in 32-bit floats, with vectors of 512 bits where the machine has them.</summary>
public sealed class KMeansTrainer : IClusterTrainer
{
    /// <summary>Its name.</summary>
    public const string BuiltIn = "builtin";

    /// <inheritdoc/>
    public string Name => BuiltIn;

    /// <inheritdoc/>
    public Clusters Train(FeatureMatrix matrix, KMeansOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(options);
        options.Check(matrix);
        var partition = new Partition(matrix, options.K, options.Threads, cancellationToken);
        if (options.Centroids is { } given)
        {
            return Describe(matrix, options, Lloyd.Run(matrix, Centroids.Of(matrix, given), options, partition));
        }

        Minimum? best = null;
        var random = new SplitMix((ulong)options.Seed);
        for (var restart = 0; restart < options.Restarts; restart++)
        {
            var found = Lloyd.Run(matrix, Seeding.Choose(matrix, options.K, random, partition, options.Portable), options, partition);
            best = best is null || found.Inertia < best.Inertia ? found : best;
        }

        return Describe(matrix, options, best ?? throw new InvalidOperationException("Nothing was trained."));
    }

    /// <summary>Gives every row the nearest centroid of a model.</summary>
    /// <param name="matrix">Rows on the scale of the model: see <see cref="FeatureMatrix.Read(Lakehouse.DuckDb.DuckDbResult, KMeansModel, CancellationToken)"/>.</param>
    /// <param name="model">The model; its sizes and inertia in the answer are those of these rows.</param>
    /// <param name="threads">Threads that work at the same time.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TerminalException">The rows have other features, or another scale.</exception>
    public static Clusters Apply(FeatureMatrix matrix, KMeansModel model, int threads, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(model);
        if (!matrix.Scales.SequenceEqual(model.Scales) || !matrix.Names.SequenceEqual(model.Features, StringComparer.Ordinal))
        {
            throw new TerminalException("the rows have other features or another scale than the model: read them with the model");
        }

        if (matrix.Rows == 0)
        {
            return new Clusters(model with { Sizes = new int[model.K], Inertia = 0 }, default);
        }

        var options = new KMeansOptions { K = model.K, Threads = threads };
        var found = Lloyd.Assign(matrix, Centroids.Of(matrix, model.Centroids), options, new Partition(matrix, model.K, threads, cancellationToken));
        return new Clusters(model with { Sizes = found.Sizes, Inertia = found.Inertia }, found.Labels);
    }

    /// <summary>By row, the distance to the centroid of its cluster, on the scale of the model.</summary>
    /// <param name="matrix">The rows.</param>
    /// <param name="clusters">What they were given.</param>
    /// <param name="threads">Threads that work at the same time.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static float[] DistancesOf(FeatureMatrix matrix, Clusters clusters, int threads, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(clusters);
        var centroids = Centroids.Of(matrix, clusters.Model.Centroids);
        var distances = new float[matrix.Rows];
        var partition = new Partition(matrix, clusters.Model.K, threads, cancellationToken);
        partition.ForEach(part =>
        {
            var labels = clusters.Labels.Span;
            var end = Math.Min(matrix.Rows, partition.First(part + 1) * FeatureMatrix.BlockRows);
            for (var row = partition.First(part) * FeatureMatrix.BlockRows; row < end; row++)
            {
                distances[row] = (float)Math.Sqrt(Distances.Square(matrix, row, centroids[labels[row]]));
            }
        });
        return distances;
    }

    private Clusters Describe(FeatureMatrix matrix, KMeansOptions options, Minimum found) => new(
        new KMeansModel
        {
            Trainer = Name,
            Features = matrix.Names,
            Scales = matrix.Scales,
            Centroids = found.Centroids.InUnits(matrix),
            Sizes = found.Sizes,
            Inertia = found.Inertia,
            Iterations = found.Iterations,
            Converged = found.Converged,
            Seed = options.Seed,
        },
        found.Labels);
}
