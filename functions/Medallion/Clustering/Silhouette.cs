namespace Pipeline.Medallion.Clustering;

/// <summary>How well clusters are told apart, measured on a sample whose distances are computed once for all k.</summary>
internal sealed class Silhouette
{
    private readonly int[] rows;
    private readonly float[] distances;

    private Silhouette(int[] rows, float[] distances) => (this.rows, this.distances) = (rows, distances);

    /// <summary>Draws rows without putting them back; all of them where there are no more.</summary>
    public static Silhouette Sample(FeatureMatrix matrix, int size, long seed)
    {
        var rows = Draw(matrix.Rows, size, new SplitMix((ulong)seed));
        var distances = new float[rows.Length * rows.Length];
        var values = rows.Select(matrix.Row).ToArray();
        Parallel.For(0, rows.Length, i =>
        {
            for (var j = 0; j < rows.Length; j++)
            {
                var sum = 0.0;
                for (var column = 0; column < matrix.Columns; column++)
                {
                    var difference = values[i][column] - values[j][column];
                    sum += difference * difference;
                }

                distances[(i * rows.Length) + j] = (float)Math.Sqrt(sum);
            }
        });
        return new Silhouette(rows, distances);
    }

    /// <summary>The mean over the sample; a row that is alone in its cluster counts 0.</summary>
    public double Mean(ReadOnlySpan<ushort> labels, int k)
    {
        var sizes = new int[k];
        foreach (var row in rows)
        {
            sizes[labels[row]]++;
        }

        var (total, sums) = (0.0, new double[k]);
        for (var i = 0; i < rows.Length; i++)
        {
            Array.Clear(sums);
            for (var j = 0; j < rows.Length; j++)
            {
                sums[labels[rows[j]]] += distances[(i * rows.Length) + j];
            }

            var own = labels[rows[i]];
            if (sizes[own] < 2)
            {
                continue;
            }

            var (inside, next) = (sums[own] / (sizes[own] - 1), double.PositiveInfinity);
            for (var cluster = 0; cluster < k; cluster++)
            {
                next = cluster != own && sizes[cluster] > 0 ? Math.Min(next, sums[cluster] / sizes[cluster]) : next;
            }

            total += double.IsFinite(next) && Math.Max(inside, next) > 0 ? (next - inside) / Math.Max(inside, next) : 0;
        }

        return total / rows.Length;
    }

    // Floyd's sampling (Bentley and Floyd, "A sample of brilliance", CACM 30, 1987).
    private static int[] Draw(int rows, int size, SplitMix random)
    {
        if (size >= rows)
        {
            return [.. Enumerable.Range(0, rows)];
        }

        var drawn = new HashSet<int>(size);
        for (var end = rows - size; end < rows; end++)
        {
            if (!drawn.Add(random.Next(end + 1)))
            {
                drawn.Add(end);
            }
        }

        return [.. drawn.Order()];
    }
}
