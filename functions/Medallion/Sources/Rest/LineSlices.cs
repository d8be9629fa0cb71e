namespace Pipeline.Medallion.Sources.Rest;

/// <summary>Cuts a file of lines into slices.</summary>
/// <param name="file">The file; it ends with a line break.</param>
/// <param name="bytes">About how large a slice is.</param>
internal sealed class LineSlices(string file, long bytes) : IDisposable
{
    private readonly FileStream source = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
    private readonly byte[] buffer = new byte[128 * 1024];

    /// <summary>Writes the next slice; false: there is none.</summary>
    public bool Next(string slice)
    {
        if (source.Position == source.Length)
        {
            return false;
        }

        using var target = new FileStream(slice, FileMode.Create, FileAccess.Write, FileShare.None, 1);
        for (var count = source.Read(buffer); count > 0; count = source.Read(buffer))
        {
            var end = target.Length + count < bytes ? -1 : buffer.AsSpan(0, count).IndexOf((byte)'\n');
            if (end >= 0)
            {
                target.Write(buffer.AsSpan(0, end + 1));
                source.Position -= count - end - 1;
                return true;
            }

            target.Write(buffer.AsSpan(0, count));
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => source.Dispose();
}
