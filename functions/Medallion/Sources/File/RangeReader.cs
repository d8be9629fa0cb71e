using System.Text;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Cuts large text files into ranges, and reads a range as if it were a file of its own.</summary>
internal sealed class RangeReader(ILake lake)
{
    private const int BlockBytes = 1 << 20;
    private static readonly byte[] Utf8Mark = [0xEF, 0xBB, 0xBF];

    /// <summary>Cuts a file into ranges of about one size; null where it can only be read as a whole: in UTF-16, with lines that end in a lone CR, or with a header of more than 1 MiB.</summary>
    /// <param name="file">An uncompressed CSV or NDJSON file.</param>
    /// <param name="isCsv">Whether it is CSV.</param>
    /// <param name="rangeBytes">How large a range is at most.</param>
    /// <param name="cancellationToken">Ends the reading of its first bytes.</param>
    public async Task<IReadOnlyList<FileRange>?> CutAsync(LandedFile file, bool isCsv, long rangeBytes, CancellationToken cancellationToken)
    {
        var head = await HeadAsync(file, BlockBytes, cancellationToken);
        if ((head.Length > 1 && (head[0], head[1]) is (0xFF, 0xFE) or (0xFE, 0xFF)) || LineBreaks.Of(head) is not { } breaks)
        {
            return null;
        }

        var header = isCsv ? HeaderBytes(head, breaks) : 0;
        if (header < 0)
        {
            return null;
        }

        var body = file.SizeBytes - header;
        var count = (body + rangeBytes - 1) / rangeBytes;
        var ranges = new List<FileRange>();
        for (var number = 0L; number < count; number++)
        {
            ranges.Add(new FileRange
            {
                From = number == 0 ? 0 : header + Share(number),
                To = header + Share(number + 1),
                HeaderBytes = header,
                CarriageReturns = breaks.CarriageReturns,
            });
        }

        return ranges.Count > 1 ? ranges : null;

        long Share(long part) => (long)((Int128)body * part / count);
    }

    /// <summary>Writes the records of a range to a local file, behind the header of their file.</summary>
    /// <returns>Whether there are any, and what was seen of quotes.</returns>
    /// <exception cref="Lakehouse.TerminalException">The file is not the one that the run was planned with.</exception>
    public async Task<(bool HasRecords, RangeQuotes Quotes)> ReadAsync(LandedFile file, FileRange range, string local, CancellationToken cancellationToken)
    {
        var header = await HeadAsync(file, range.HeaderBytes, cancellationToken);
        var states = header.Length == 0 ? null : new CsvStates(Delimiter(header), new LineBreaks(range.CarriageReturns));
        await using var target = System.IO.File.Create(local);
        if (range.From > 0)
        {
            await target.WriteAsync(header, cancellationToken);
        }

        var copy = new RangeCopy(range, states, target);
        var position = Math.Max(range.From - 1, 0);
        var before = (int)Math.Min(position, LineBreaks.Before);
        await lake.ReadFromAsync(file.LakePath, position - before, file.ETag, async stream =>
        {
            var window = new byte[LineBreaks.Before + BlockBytes];
            await stream.ReadExactlyAsync(window.AsMemory(LineBreaks.Before - before, before), cancellationToken);
            while (true)
            {
                var count = await stream.ReadAtLeastAsync(window.AsMemory(LineBreaks.Before), BlockBytes, throwOnEndOfStream: false, cancellationToken);
                if (count == 0 || !copy.Take(window.AsSpan(0, LineBreaks.Before + count), position))
                {
                    return true;
                }

                position += count;
                window.AsSpan(count, LineBreaks.Before).CopyTo(window);
            }
        }, cancellationToken);
        return (copy.HasRecords, copy.Quotes);
    }

    // Where the first record begins; -1: not within these bytes, or the first line is empty, which readers take for no header.
    private static int HeaderBytes(byte[] head, LineBreaks breaks)
    {
        var mark = head.AsSpan().StartsWith(Utf8Mark) ? Utf8Mark.Length : 0;
        var state = CsvStates.Record;
        var header = new CsvStates(Delimiter(head), breaks).RunToRecord(head.AsSpan(mark), ref state);
        return header < 0 || head[mark] is (byte)'\r' or (byte)'\n' ? -1 : mark + header;
    }

    private static char Delimiter(byte[] head)
    {
        using var reader = new StreamReader(new MemoryStream(head), Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return FileContent.CopyHeader(reader, TextWriter.Null);
    }

    private Task<byte[]> HeadAsync(LandedFile file, int bytes, CancellationToken cancellationToken) => bytes == 0
        ? Task.FromResult<byte[]>([])
        : lake.ReadFromAsync(file.LakePath, 0, file.ETag, async stream =>
        {
            var head = new byte[bytes];
            return head[..await stream.ReadAtLeastAsync(head, bytes, throwOnEndOfStream: false, cancellationToken)];
        }, cancellationToken);
}
