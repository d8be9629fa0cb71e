namespace Pipeline.Medallion.Sources.File;

/// <summary>Where a source's files are.</summary>
internal interface ILandingFiles
{
    /// <summary>Whether a large file may be cut into ranges that are read side by side.</summary>
    bool HasRanges { get; }

    /// <summary>What is there.</summary>
    /// <exception cref="Lakehouse.LakehouseException">Nobody can tell.</exception>
    IAsyncEnumerable<LandedFile> ListAsync(CancellationToken cancellationToken);

    /// <summary>Copies a whole file to local disk.</summary>
    /// <param name="file">The file as the plan found it.</param>
    /// <param name="local">Where to.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <returns>The file as it was read.</returns>
    /// <exception cref="Lakehouse.LakehouseException">It cannot be read.</exception>
    Task<LandedFile> DownloadAsync(LandedFile file, string local, CancellationToken cancellationToken);
}
