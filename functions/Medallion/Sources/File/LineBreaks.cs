namespace Pipeline.Medallion.Sources.File;

/// <summary>Places where a text file can be cut: after a line break of the kind that its first one has, as DuckDB's CSV reader takes it for the whole file.</summary>
/// <param name="CarriageReturns">Lines end with CR LF: a lone LF ends none.</param>
internal readonly record struct LineBreaks(bool CarriageReturns)
{
    /// <summary>How many bytes before a break tell whether it is one.</summary>
    public const int Before = 2;

    /// <summary>The kind that a file's first bytes show; null where they hold no break, or one that is a lone CR.</summary>
    public static LineBreaks? Of(ReadOnlySpan<byte> head)
    {
        var first = head.IndexOfAny((byte)'\r', (byte)'\n');
        if (first < 0)
        {
            return null;
        }

        var rest = head[first..].TrimStart((byte)'\r');
        return rest.Length > 0 && rest[0] == '\n' ? new LineBreaks(head[first] == '\r') : null;
    }

    /// <summary>The place after the first break that ends at an index or later; -1: there is none.</summary>
    /// <param name="bytes">Bytes of the file, at least two of them before <paramref name="from"/>.</param>
    /// <param name="from">The first index at which the break's LF may lie.</param>
    public int Next(ReadOnlySpan<byte> bytes, int from)
    {
        for (var at = from; at < bytes.Length; at++)
        {
            var found = bytes[at..].IndexOf((byte)'\n');
            if (found < 0)
            {
                return -1;
            }

            at += found;

            // After two CR the reader is in no state to see a break.
            if (!CarriageReturns || (bytes[at - 1] == '\r' && bytes[at - 2] != '\r'))
            {
                return at + 1;
            }
        }

        return -1;
    }

    /// <summary>The place after the last break that is certain; 0: there is none.</summary>
    public int Last(ReadOnlySpan<byte> bytes)
    {
        if (!CarriageReturns)
        {
            return bytes.LastIndexOf((byte)'\n') + 1;
        }

        var found = bytes.LastIndexOf("\r\n"u8);
        return found > 0 && bytes[found - 1] != '\r' ? found + 2 : 0;
    }
}
