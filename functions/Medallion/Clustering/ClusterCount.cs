using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Clustering;

/// <summary>Chooses k (<c>k: auto</c>): trains with each k of a range and takes the one whose clusters are best told apart.</summary>
/// <remarks>The measure is the mean silhouette of a sample (Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20, 1987); of equal ones the smaller k. The inertia of each k is reported beside it.</remarks>
public sealed class ClusterCount(IClusterTrainer trainer)
{
    /// <summary>Trains with each k and compares.</summary>
    /// <param name="matrix">The rows.</param>
    /// <param name="options">The range, the sample and how each model is trained.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The model that was chosen, and how each k did.</returns>
    /// <exception cref="TerminalException">The range is none, or there are fewer than three distinct rows: nothing can be compared.</exception>
    public ClusterChoice Choose(FeatureMatrix matrix, ClusterCountOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(options);
        options.Check(matrix);
        var silhouette = Silhouette.Sample(matrix, options.SampleRows, options.Training.Seed);
        var tried = new List<(CandidateK Candidate, Clusters Clusters)>();
        for (var k = options.Least; k <= Math.Min(options.Most, matrix.Rows - 1); k++)
        {
            try
            {
                var clusters = trainer.Train(matrix, options.Training with { K = k, Centroids = null }, cancellationToken);
                tried.Add((new CandidateK(k, clusters.Model.Inertia, silhouette.Mean(clusters.Labels.Span, k)), clusters));
            }
            catch (TerminalException) when (tried.Count > 0)
            {
                // There are no more distinct rows than the k before.
                break;
            }
        }

        if (tried.Count == 0)
        {
            throw new TerminalException($"k: auto found {matrix.Rows} rows, and at least {options.Least + 1} were expected to compare k from {options.Least} on: give k, or look at the query and its filters");
        }

        var best = tried.MaxBy(t => t.Candidate.Silhouette);
        return new ClusterChoice(best.Clusters, [.. tried.Select(t => t.Candidate)]);
    }
}

/// <summary>The range of k, and how they are compared.</summary>
public sealed record ClusterCountOptions
{
    /// <summary>The least k; 2 and more.</summary>
    public int Least { get; init; } = 2;

    /// <summary>The greatest k.</summary>
    public int Most { get; init; } = 10;

    /// <summary>Rows that the silhouette is measured on, drawn by the seed; its cost grows with their square.</summary>
    public int SampleRows { get; init; } = 2000;

    /// <summary>How each model is trained; its k is not looked at.</summary>
    public KMeansOptions Training { get; init; } = new() { K = 1 };

    internal void Check(FeatureMatrix matrix)
    {
        if (Least < 2 || Most < Least || Most > KMeansOptions.MaxK)
        {
            throw new TerminalException($"k: auto goes from {Least} to {Most}, expected: from 2 or more to at most {KMeansOptions.MaxK}");
        }

        if (SampleRows < 2)
        {
            throw new TerminalException($"k: auto looks at {SampleRows} rows, expected: 2 or more");
        }

        if (matrix.Rows == 0)
        {
            throw new TerminalException("k: auto found no rows to cluster: look at the query and its filters");
        }
    }
}

/// <summary>How one k did.</summary>
/// <param name="K">Clusters.</param>
/// <param name="Inertia">Falls as k grows: where it stops falling fast is the elbow.</param>
/// <param name="Silhouette">From -1 to 1: how much nearer rows are to their own cluster than to the next.</param>
public sealed record CandidateK(int K, double Inertia, double Silhouette);

/// <summary>What was chosen.</summary>
/// <param name="Clusters">The model of the best k, and the labels.</param>
/// <param name="Candidates">By k, ascending.</param>
public sealed record ClusterChoice(Clusters Clusters, IReadOnlyList<CandidateK> Candidates);
