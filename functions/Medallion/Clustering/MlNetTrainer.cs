using Microsoft.ML;
using Microsoft.ML.Data;
using Pipeline.Lakehouse;
using MlTrainer = Microsoft.ML.Trainers.KMeansTrainer;

namespace Pipeline.Medallion.Clustering;

/// <summary>ML.NET's k-means behind the same interface.</summary>
/// <remarks>It takes no given centroids, which is refused, and is trained once. The same seed need not give the same model (dotnet/machinelearning #6375). Labels, sizes and inertia are those of the built-in nearest-centroid search over its centroids.</remarks>
public sealed class MlNetTrainer : IClusterTrainer
{
    /// <summary>Its name.</summary>
    public const string MlNet = "mlnet";

    /// <inheritdoc/>
    public string Name => MlNet;

    /// <inheritdoc/>
    public Clusters Train(FeatureMatrix matrix, KMeansOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        ArgumentNullException.ThrowIfNull(options);
        options.Check(matrix);
        if (options.Centroids is not null)
        {
            throw new TerminalException($"trainer: {MlNet} takes no first centroids: leave them out, or use trainer: {KMeansTrainer.BuiltIn}");
        }

        cancellationToken.ThrowIfCancellationRequested();
        var context = new MLContext(unchecked((int)options.Seed));
        var schema = SchemaDefinition.Create(typeof(RowOfFeatures));
        schema[nameof(RowOfFeatures.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, matrix.Columns);
        var rows = context.Data.LoadFromEnumerable(RowsOf(matrix, cancellationToken), schema);
        var trainer = context.Clustering.Trainers.KMeans(new MlTrainer.Options
        {
            FeatureColumnName = nameof(RowOfFeatures.Features),
            NumberOfClusters = options.K,
            MaximumNumberOfIterations = options.MaxIterations,
            NumberOfThreads = options.Threads,
        });
        VBuffer<float>[]? centroids = null;
        trainer.Fit(rows).Model.GetClusterCentroids(ref centroids, out var k);
        var model = new KMeansModel
        {
            Trainer = Name,
            Features = matrix.Names,
            Scales = matrix.Scales,
            Centroids = [.. centroids.Take(k).Select(c => InUnits(matrix, c))],
            Sizes = [],
            Inertia = 0,
            Seed = options.Seed,
        };
        return KMeansTrainer.Apply(matrix, model, options.Threads, cancellationToken);
    }

    private static double[] InUnits(FeatureMatrix matrix, VBuffer<float> centroid) =>
        [.. centroid.DenseValues().Select((value, column) => (value * matrix.Scales[column]) + matrix.Offsets[column])];

    private static IEnumerable<RowOfFeatures> RowsOf(FeatureMatrix matrix, CancellationToken cancellationToken)
    {
        for (var row = 0; row < matrix.Rows; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var features = new float[matrix.Columns];
            for (var column = 0; column < features.Length; column++)
            {
                features[column] = matrix.Value(row, column);
            }

            yield return new RowOfFeatures { Features = features };
        }
    }

    private sealed class RowOfFeatures
    {
        public float[] Features { get; set; } = [];
    }
}
