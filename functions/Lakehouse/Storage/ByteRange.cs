namespace Pipeline.Lakehouse.Storage;

/// <summary>A part of a file.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="End">The byte behind its last.</param>
public readonly record struct ByteRange(long Start, long End)
{
    // What file systems hand out at once: a part of a block takes all of it.
    private const long BlockBytes = 4096;

    /// <summary>How many bytes it has.</summary>
    public long Length => End - Start;

    /// <summary>The whole blocks of a file that have these parts, in order and apart from each other.</summary>
    /// <param name="ranges">Parts in any order.</param>
    /// <param name="fileBytes">The file's length.</param>
    public static IReadOnlyList<ByteRange> Blocks(IEnumerable<ByteRange> ranges, long fileBytes)
    {
        var blocks = new List<ByteRange>();
        foreach (var range in ranges.OrderBy(range => range.Start))
        {
            var (start, end) = (range.Start / BlockBytes * BlockBytes, Math.Min((range.End + BlockBytes - 1) / BlockBytes * BlockBytes, fileBytes));
            if (blocks.Count > 0 && start <= blocks[^1].End)
            {
                blocks[^1] = blocks[^1] with { End = Math.Max(end, blocks[^1].End) };
            }
            else if (end > start)
            {
                blocks.Add(new ByteRange(start, end));
            }
        }

        return blocks;
    }
}
