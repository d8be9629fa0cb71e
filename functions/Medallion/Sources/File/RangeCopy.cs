namespace Pipeline.Medallion.Sources.File;

/// <summary>Picks a range's records out of the bytes of a file as they come by: from the first record that begins in it to the end of the last.</summary>
/// <param name="range">The range.</param>
/// <param name="states">The states of a CSV file; null where line breaks end records always.</param>
/// <param name="target">Receives the records.</param>
internal sealed class RangeCopy(FileRange range, CsvStates? states, Stream target)
{
    // A longer record is malformed anyway: the reader takes lines of 16 MiB.
    private const int LongestRecord = 48 << 20;
    private readonly LineBreaks breaks = new(range.CarriageReturns);
    private byte plain = CsvStates.Record;
    private byte quoted = CsvStates.Quoted;
    private long header = range.From == 0 ? range.HeaderBytes : 0;
    private bool inQuotes;
    private bool begun;
    private bool writing;
    private bool ended;
    private byte last;
    private long beyond;

    /// <summary>Whether any byte was written.</summary>
    public bool HasRecords => writing;

    /// <summary>What was seen of quotes.</summary>
    public RangeQuotes Quotes => !begun || states is null ? RangeQuotes.None : new RangeQuotes(inQuotes, plain == CsvStates.Quoted, quoted == CsvStates.Quoted);

    /// <summary>Takes the next bytes of the file.</summary>
    /// <param name="window">The bytes, behind the two that came before them.</param>
    /// <param name="position">Where the bytes lie in the file.</param>
    /// <returns>Whether more are needed.</returns>
    public bool Take(ReadOnlySpan<byte> window, long position)
    {
        const int fresh = LineBreaks.Before;
        var length = window.Length;
        var at = fresh;
        if (!begun)
        {
            at = range.From == 0 ? fresh : breaks.Next(window, Index(range.From - 1));
            if (at < 0 || position + at - fresh >= range.To)
            {
                return at < 0 && position + window.Length - fresh < range.To;
            }

            Begin(window[at..]);
        }

        if (!ended)
        {
            var end = breaks.Next(window, Index(range.To - 1));
            Advance(window[at..(end < 0 ? window.Length : end)]);
            if (end < 0)
            {
                return true;
            }

            (ended, at, last) = (true, end, Assumed);
            if (states is null || !writing || Assumed == CsvStates.Record)
            {
                return false;
            }
        }

        return Finish(window[at..]);

        int Index(long place) => (int)Math.Clamp(place - position + fresh, fresh, length);
    }

    private ref byte Assumed => ref (inQuotes ? ref quoted : ref plain);

    private ref byte Other => ref (inQuotes ? ref plain : ref quoted);

    // Well-formed lines read the wrong way round soon have a value that goes on after its closing quote. A wrong guess costs time, never rows.
    private void Begin(ReadOnlySpan<byte> first)
    {
        begun = true;
        if (states is not null && range.From > 0)
        {
            var (plainBroken, quotedBroken) = (0, 0);
            states.Run(first, CsvStates.Record, ref plainBroken);
            states.Run(first, CsvStates.Quoted, ref quotedBroken);
            inQuotes = range.InQuotes ?? quotedBroken < plainBroken;
        }

        writing = !inQuotes;
    }

    private void Advance(ReadOnlySpan<byte> bytes)
    {
        // The header ends where a record begins.
        var body = bytes[(int)Math.Min(header, bytes.Length)..];
        header -= bytes.Length - body.Length;
        if (states is null)
        {
            target.Write(bytes);
            return;
        }

        var broken = 0;
        Other = states.Run(body, Other, ref broken);
        if (!writing)
        {
            var record = states.RunToRecord(body, ref Assumed);
            if (record < 0)
            {
                return;
            }

            writing = true;
            bytes = body = body[record..];
        }

        target.Write(bytes);
        Assumed = states.Run(body, Assumed, ref broken);
    }

    private bool Finish(ReadOnlySpan<byte> bytes)
    {
        var end = states?.RunToRecord(bytes, ref last) ?? 0;
        target.Write(end < 0 ? bytes : bytes[..end]);
        beyond += bytes.Length;
        return end < 0 && beyond < LongestRecord;
    }
}
