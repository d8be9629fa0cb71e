using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Clustering;

/// <summary>How far from its centroid a row of a cluster may lie before it is an anomaly: median + factor · 1.4826 · MAD of the cluster's distances, which anomalies among them do not move.</summary>
/// <remarks>1.4826 makes the median absolute deviation that of a normal distribution's standard deviation (Rousseeuw and Croux, JASA 88, 1993). Where more than half of the distances are the same, MAD is 0 and
/// the mean absolute deviation stands in, with the factor 1.2533 (Iglewicz and Hoaglin, ASQC 1993). Too few rows, or rows that all lie equally far, tell nothing: the cluster has no threshold.</remarks>
public sealed record AnomalyThreshold
{
    /// <summary>A factor beyond which a distance is unusual, if none is given.</summary>
    public const double DefaultFactor = 3.5;

    /// <summary>With fewer rows a cluster has no threshold.</summary>
    public const int MinRows = 8;

    private const double NormalMad = 1.4826;
    private const double NormalMean = 1.2533;

    /// <summary>The cluster.</summary>
    public required int Cluster { get; init; }

    /// <summary>Its rows.</summary>
    public required int Rows { get; init; }

    /// <summary>The median of their distances; 0 where there are none.</summary>
    public required double Median { get; init; }

    /// <summary>Their deviation, robustly estimated; 0 where it cannot be told.</summary>
    public required double Deviation { get; init; }

    /// <summary>The greatest distance that is usual; null: none is unusual.</summary>
    public double? Threshold { get; init; }

    /// <summary>Whether a row at this distance is an anomaly.</summary>
    public bool IsAnomaly(double distance) => distance > Threshold;

    /// <summary>By how many deviations a distance is above the median; null where the cluster has no threshold.</summary>
    public double? Score(double distance) => Threshold is null ? null : (distance - Median) / Deviation;

    /// <summary>The threshold of each cluster.</summary>
    /// <param name="labels">By row, its cluster.</param>
    /// <param name="distances">By row, its distance: see <see cref="KMeansTrainer.DistancesOf"/>.</param>
    /// <param name="k">Clusters.</param>
    /// <param name="factor">Deviations above the median; above 0.</param>
    /// <exception cref="TerminalException">The factor is not above 0.</exception>
    public static IReadOnlyList<AnomalyThreshold> Of(ReadOnlySpan<ushort> labels, ReadOnlySpan<float> distances, int k, double factor = DefaultFactor)
    {
        if (!(factor > 0 && double.IsFinite(factor)))
        {
            throw new TerminalException(FormattableString.Invariant($"anomalies: the factor is {factor}, expected: a number above 0, such as {DefaultFactor}"));
        }

        // Cluster after cluster in one array.
        var ends = new int[k];
        foreach (var label in labels)
        {
            ends[label]++;
        }

        for (var cluster = 1; cluster < k; cluster++)
        {
            ends[cluster] += ends[cluster - 1];
        }

        var (grouped, places) = (new float[distances.Length], (int[])ends.Clone());
        for (var row = 0; row < labels.Length; row++)
        {
            grouped[--places[labels[row]]] = distances[row];
        }

        return [.. Enumerable.Range(0, k).Select(cluster => Of(cluster, grouped.AsSpan(places[cluster], ends[cluster] - places[cluster]), factor))];
    }

    private static AnomalyThreshold Of(int cluster, Span<float> distances, double factor)
    {
        var (rows, median, deviation) = (distances.Length, 0.0, 0.0);
        if (rows > 0)
        {
            median = MedianOf(distances);
            var sum = 0.0;
            foreach (ref var distance in distances)
            {
                distance = (float)Math.Abs(distance - median);
                sum += distance;
            }

            deviation = MedianOf(distances) is > 0 and var mad ? NormalMad * mad : NormalMean * sum / rows;
        }

        return new AnomalyThreshold
        {
            Cluster = cluster,
            Rows = rows,
            Median = median,
            Deviation = deviation,
            Threshold = rows >= MinRows && deviation > 0 ? median + (factor * deviation) : null,
        };
    }

    private static double MedianOf(Span<float> values)
    {
        values.Sort();
        var middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : ((double)values[middle - 1] + values[middle]) / 2;
    }
}
