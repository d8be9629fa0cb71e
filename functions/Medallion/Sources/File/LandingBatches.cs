
namespace Pipeline.Medallion.Sources.File;

/// <summary>Cuts lists of files by what they need on scratch disk.</summary>
internal static class LandingBatches
{
    // What text packs to, about; it is read unpacked.
    private const int Unpacked = 8;

    /// <summary>Bytes that a file, or the range of one, has when it is read.</summary>
    public static long Weight(LandedFile file) =>
        file.Range is { } range ? range.To - range.From : file.SizeBytes * (FileContent.PackedEnding(file.Path).Length > 0 ? Unpacked : 1);

    /// <summary>Files that are landed together, in their order: a range alone, whole files up to a size.</summary>
    public static IEnumerable<IReadOnlyList<LandedFile>> Of(IEnumerable<LandedFile> files, long bytes)
    {
        var batch = new List<LandedFile>();
        var weight = 0L;
        foreach (var file in files)
        {
            if (batch.Count > 0 && (file.Range is not null || batch[0].Range is not null || weight + Weight(file) > bytes))
            {
                yield return batch;
                (batch, weight) = ([], 0);
            }

            batch.Add(file);
            weight += Weight(file);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
