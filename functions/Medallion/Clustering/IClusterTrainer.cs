using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Clustering;

/// <summary>Trains k-means models. Built in, or ML.NET's in the build that has it.</summary>
public interface IClusterTrainer
{
    /// <summary>As a definition names it: <c>builtin</c>, <c>mlnet</c>.</summary>
    string Name { get; }

    /// <summary>Finds clusters.</summary>
    /// <param name="matrix">The rows.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the training after a pass over the rows.</param>
    /// <exception cref="TerminalException">There are no rows, k is more than there are distinct rows, or an option is out of its range.</exception>
    Clusters Train(FeatureMatrix matrix, KMeansOptions options, CancellationToken cancellationToken);
}
