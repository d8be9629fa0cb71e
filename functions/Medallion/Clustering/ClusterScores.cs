using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Learning;

namespace Pipeline.Medallion.Clustering;

/// <summary>What a model of clusters says of rows, as a table of a session.</summary>
internal static class ClusterScores
{
    /// <summary>The table's columns; one with the row's number may stand before them.</summary>
    public const string Columns = "cluster bigint, distance double, anomaly_score double, anomaly boolean";

    /// <summary>Adds rows, one by one into an appender, for the values come from no table.</summary>
    /// <param name="session">Has the table.</param>
    /// <param name="table">The table.</param>
    /// <param name="trained">The model.</param>
    /// <param name="rows">The rows, and their clusters.</param>
    /// <param name="first">The number of the first row; null: the table has no numbers.</param>
    /// <param name="threads">How many compute distances.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>How many of them are anomalies.</returns>
    public static long Append(DuckDbSession session, string table, TrainedClusters trained, (FeatureMatrix Rows, Clusters Clusters) rows, long? first, int threads, CancellationToken cancellationToken)
    {
        var distances = KMeansTrainer.DistancesOf(rows.Rows, rows.Clusters, threads, cancellationToken);
        var labels = rows.Clusters.Labels.Span;
        var anomalies = 0L;
        using var appender = session.Append(table);
        for (var row = 0; row < labels.Length; row++)
        {
            var threshold = trained.Thresholds[labels[row]];
            var isAnomaly = threshold.IsAnomaly(distances[row]);
            anomalies += isAnomaly ? 1 : 0;
            if (first is { } number)
            {
                appender.AppendNumber(number + row);
            }

            appender.AppendNumber(labels[row]);
            appender.AppendReal(distances[row]);
            if (threshold.Score(distances[row]) is { } score)
            {
                appender.AppendReal(score);
            }
            else
            {
                appender.AppendNothing();
            }

            appender.AppendNumber(isAnomaly ? 1 : 0);
            appender.EndRow();
        }

        appender.Complete();
        return anomalies;
    }
}
