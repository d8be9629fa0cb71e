using System.Text.Json.Serialization;

namespace Pipeline.Medallion.Sources.File;

/// <summary>A byte range of a large text file; its records are those that begin in it.</summary>
/// <remarks>Where a file was cut, <c>_row</c> of bronze is the range's first byte plus the record's number in the range: unique and in the order of the file, but
/// no count of records. The first range counts as a whole file does.</remarks>
public sealed record FileRange
{
    /// <summary>Its first byte; 0 is the file's header.</summary>
    public required long From { get; init; }

    /// <summary>The byte after its last.</summary>
    public required long To { get; init; }

    /// <summary>Length of the file's header, with its line break and a byte order mark; 0 where the format has none.</summary>
    public int HeaderBytes { get; init; }

    /// <summary>Whether the file's lines end with CR LF.</summary>
    public bool CarriageReturns { get; init; }

    /// <summary>Whether the range's first line break lies in a quoted value; null: not known, and judged by its first lines.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? InQuotes { get; init; }

    /// <summary>The keys of JSON objects that come before those found in the range; null: none are known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Keys { get; init; }
}

/// <summary>What reading a range showed of the quotes around it.</summary>
/// <param name="BeganInQuotes">What it was read by: whether it begins in a quoted value; null where no record can begin in it.</param>
/// <param name="QuotedAfterPlain">Whether the next range begins in a quoted value if this one does not.</param>
/// <param name="QuotedAfterQuoted">Whether the next range begins in a quoted value if this one does.</param>
public sealed record RangeQuotes(bool? BeganInQuotes, bool QuotedAfterPlain, bool QuotedAfterQuoted)
{
    /// <summary>Of a range in which no record can begin, or whose format has no quotes.</summary>
    public static RangeQuotes None { get; } = new(null, QuotedAfterPlain: false, QuotedAfterQuoted: true);

    /// <summary>Whether the next range begins in a quoted value.</summary>
    public bool After(bool quoted) => quoted ? QuotedAfterQuoted : QuotedAfterPlain;
}
