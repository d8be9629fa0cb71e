namespace Pipeline.Medallion.Clustering;

/// <summary>Squared distances of a block's 32 rows to rows that may become centroids. Both ways of doing it add in the same order, and so find the same.</summary>
internal interface ISquares
{
    /// <summary>Adds, for each candidate, what the squares would be with it as one more centroid.</summary>
    /// <param name="block">The block's values.</param>
    /// <param name="columns">Values of a row.</param>
    /// <param name="nearest">By row, the squared distance to the nearest centroid so far.</param>
    /// <param name="candidates">Candidate after candidate.</param>
    /// <param name="lanes">By candidate and row of a block, a sum.</param>
    static abstract void Add(ref float block, int columns, ref float nearest, ReadOnlySpan<float> candidates, Span<double> lanes);

    /// <summary>Makes <paramref name="nearest"/> what it is with one more centroid.</summary>
    static abstract void Take(ref float block, ref float nearest, ReadOnlySpan<float> centroid);
}
