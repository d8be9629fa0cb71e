using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Clustering;

/// <summary>Gives clusters that have no rows the rows that lie farthest from their centroids.</summary>
internal static class EmptyClusters
{
    // Of the sum of all variances: nearer to its centroid than 32 bits can tell.
    private const double Nothing = 1e-13;

    /// <param name="matrix">The rows.</param>
    /// <param name="centroids">Those that the labels were found with.</param>
    /// <param name="labels">By row, its cluster.</param>
    /// <param name="sums">By cluster, the sum of its rows; changed.</param>
    /// <param name="sizes">By cluster, its rows; changed.</param>
    /// <exception cref="TerminalException">There are fewer distinct rows than clusters.</exception>
    public static void Fill(FeatureMatrix matrix, Centroids centroids, ReadOnlySpan<ushort> labels, double[] sums, int[] sizes)
    {
        var nothing = Nothing * matrix.Variances.Sum();
        var empty = Enumerable.Range(0, sizes.Length).Where(cluster => sizes[cluster] == 0).ToList();
        var farthest = new PriorityQueue<int, (double Distance, int Before)>();
        for (var row = 0; row < matrix.Rows; row++)
        {
            // Of equally far ones the first row is taken. A few more than are needed: a row that is alone in its cluster stays there.
            var place = (Distances.Square(matrix, row, centroids[labels[row]]), -row);
            if (farthest.Count < 2 * sizes.Length)
            {
                farthest.Enqueue(row, place);
            }
            else
            {
                farthest.EnqueueDequeue(row, place);
            }
        }

        var candidates = new List<(int Row, double Distance)>();
        while (farthest.TryDequeue(out var row, out var place))
        {
            candidates.Add((row, place.Distance));
        }

        candidates.Reverse();
        var taken = 0;
        foreach (var cluster in empty)
        {
            while (taken < candidates.Count && (sizes[labels[candidates[taken].Row]] < 2 || candidates[taken].Distance <= nothing))
            {
                taken++;
            }

            if (taken == candidates.Count)
            {
                throw TooFewRows(sizes.Length, sizes.Length - empty.Count);
            }

            var row = candidates[taken++].Row;
            var from = labels[row];
            for (var column = 0; column < matrix.Columns; column++)
            {
                var value = matrix.Value(row, column);
                sums[(cluster * matrix.Columns) + column] = value;
                sums[(from * matrix.Columns) + column] -= value;
            }

            sizes[cluster] = 1;
            sizes[from]--;
        }
    }

    public static TerminalException TooFewRows(int k, int found) => new(
        $"k-means: k is {k}, and the rows fall into no more than {found} that differ from each other; choose a k of at most {found}, or features that tell more rows apart");
}
