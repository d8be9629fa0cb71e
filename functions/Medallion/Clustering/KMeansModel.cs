namespace Pipeline.Medallion.Clustering;

/// <summary>What k-means found: enough to apply it to other rows.</summary>
public sealed record KMeansModel
{
    /// <summary>Who trained it: <c>builtin</c>, <c>mlnet</c>.</summary>
    public required string Trainer { get; init; }

    /// <summary>Names of the features, in the order of a centroid's values.</summary>
    public required IReadOnlyList<string> Features { get; init; }

    /// <summary>By feature, what a difference is divided by before it is squared; 1 where features were not scaled.</summary>
    public required IReadOnlyList<double> Scales { get; init; }

    /// <summary>By cluster, the mean of its rows, in the units of the features.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Centroids { get; init; }

    /// <summary>By cluster, the rows that it was trained on.</summary>
    public required IReadOnlyList<int> Sizes { get; init; }

    /// <summary>The sum of squared distances of all rows to their centroids, on the scale of <see cref="Scales"/>, in 64-bit floats.</summary>
    public required double Inertia { get; init; }

    /// <summary>Passes over the rows in the training that was kept; null: the trainer does not tell.</summary>
    public int? Iterations { get; init; }

    /// <summary>False: the training ended at its limit of iterations; null: the trainer does not tell.</summary>
    public bool? Converged { get; init; }

    /// <summary>What the seed of the training was.</summary>
    public required long Seed { get; init; }

    /// <summary>Clusters.</summary>
    public int K => Centroids.Count;
}

/// <summary>A model and the clusters of the rows that it was trained on or applied to.</summary>
/// <param name="Model">The model.</param>
/// <param name="Labels">By row, its cluster, from 0: the nearest centroid, the first of equally near ones.</param>
public sealed record Clusters(KMeansModel Model, ReadOnlyMemory<ushort> Labels);
