namespace Pipeline.Medallion.Clustering;

/// <summary>Finds the nearest centroids of a block's 32 rows. Both ways of doing it add in the same order with fused multiply-adds, and so find the same.</summary>
internal interface INearest
{
    /// <summary>Writes the labels of a block.</summary>
    /// <param name="block">Its values.</param>
    /// <param name="centroids">The centroids.</param>
    /// <param name="labels">The block's 32 labels.</param>
    /// <param name="before">Becomes what they were.</param>
    /// <returns>A bit for each row whose label is another now; the first row's is the lowest.</returns>
    static abstract uint Assign(ref float block, Centroids centroids, ref ushort labels, ref ushort before);
}
