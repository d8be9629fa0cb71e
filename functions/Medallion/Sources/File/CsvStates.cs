namespace Pipeline.Medallion.Sources.File;

/// <summary>Follows a CSV file through the states of DuckDB's CSV reader (strict mode, quote and escape '"'; its source: <c>csv_state_machine_cache.cpp</c>), so
/// that a file is cut only where the reader begins a record, whatever quotes and malformed lines are in it.</summary>
internal sealed class CsvStates
{
    /// <summary>Before a record.</summary>
    public const byte Record = 0;

    /// <summary>In a quoted value, where a line break ends nothing.</summary>
    public const byte Quoted = 1;

    private const byte Field = 2;
    private const byte Space = 3;
    private const byte Plain = 4;
    private const byte Closed = 5;
    private const byte Return = 6;
    private const byte Broken = 7;
    private const byte Quote = (byte)'"';
    private readonly byte[] next = new byte[8 * 256];
    private readonly LineBreaks breaks;

    public CsvStates(char delimiter, LineBreaks breaks)
    {
        this.breaks = breaks;
        byte[] outside = [Record, Field, Space, Plain, Broken];
        foreach (var state in outside)
        {
            Row(state).Fill(Plain);
            Set(state, delimiter, Field);
        }

        Row(Quoted).Fill(Quoted);
        Row(Closed).Fill(Broken);
        Row(Return).Fill(Broken);
        Set(Quoted, '"', Closed);
        Set(Closed, delimiter, Field);
        Set(Closed, '"', Quoted);
        Set(Closed, ' ', Closed);
        foreach (var state in (byte[])[Record, Field, Space, Return])
        {
            Set(state, '"', Quoted);
        }

        foreach (var state in (byte[])[Record, Field, Return])
        {
            Set(state, ' ', Space);
        }

        SetBreaks(breaks.CarriageReturns);
    }

    /// <summary>The state after some bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="state">The state before them.</param>
    /// <param name="broken">Counts values that go on after their closing quote, of those met on the way.</param>
    public byte Run(ReadOnlySpan<byte> bytes, byte state, ref int broken)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var quote = bytes[at..].IndexOf(Quote);
            if (state == Quoted)
            {
                if (quote < 0)
                {
                    return Quoted;
                }

                (at, state) = (at + quote + 1, Closed);
                continue;
            }

            // Outside quotes only what follows the last line break before the next quote tells what that quote is.
            var end = quote < 0 ? bytes.Length : at + quote + 1;
            var line = breaks.Last(bytes[at..end]);
            (at, state) = line > 0 ? (at + line, Record) : (at, state);
            while (at < end)
            {
                state = next[(state << 8) | bytes[at++]];
                broken += state == Broken ? 1 : 0;
            }
        }

        return state;
    }

    /// <summary>Goes on to the next line break after which a record begins.</summary>
    /// <returns>The place after it; -1: there is none in these bytes.</returns>
    public int RunToRecord(ReadOnlySpan<byte> bytes, ref byte state)
    {
        for (var at = 0; at < bytes.Length;)
        {
            if (state == Quoted)
            {
                var quote = bytes[at..].IndexOf(Quote);
                if (quote < 0)
                {
                    return -1;
                }

                (at, state) = (at + quote + 1, Closed);
                continue;
            }

            var value = bytes[at++];
            state = next[(state << 8) | value];
            if (state == Record && value == '\n')
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>How many values the first record has.</summary>
    public int CountValues(ReadOnlySpan<byte> bytes)
    {
        var (state, count) = (Record, 1);
        foreach (var value in bytes)
        {
            state = next[(state << 8) | value];
            count += state == Field ? 1 : 0;
            if (state == Record && value == '\n')
            {
                break;
            }
        }

        return count;
    }

    private void SetBreaks(bool carriageReturns)
    {
        foreach (var state in (byte[])[Record, Field, Space, Plain, Closed, Broken])
        {
            var soft = state is Field or Space;
            Set(state, '\n', !carriageReturns || soft ? Record : Broken);
            Set(state, '\r', carriageReturns ? Return : soft ? Record : Broken);
        }

        Set(Return, '\n', Record);
    }

    private Span<byte> Row(byte state) => next.AsSpan(state << 8, 256);

    private void Set(byte state, char letter, byte to) => next[(state << 8) | (byte)letter] = to;
}
