using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Bronze;

/// <summary>What an attempt at a part of an ingest step wrote; nothing of it is visible before the step's commit.</summary>
internal sealed record LandedManifest
{
    /// <summary>What was written, batch after batch.</summary>
    public required IReadOnlyList<LandedBatch> Batches { get; init; }
}

/// <summary>Rows that share data files: those of some files, of one range of a file, or of a stretch of another source.</summary>
internal sealed record LandedBatch
{
    /// <summary>The files of landing that were taken, with their hashes and rows.</summary>
    public IReadOnlyList<LandedFile> Files { get; init; } = [];

    /// <summary>The data files that hold their rows.</summary>
    public required IReadOnlyList<AddFile> Add { get; init; }

    /// <summary>The columns of those data files.</summary>
    public required IReadOnlyList<DuckDbColumn> Columns { get; init; }

    /// <summary>Detected types of the raw columns; empty where the source has a contract.</summary>
    public required IReadOnlyList<DetectedColumn> Detected { get; init; }

    /// <summary>What its connector notes for the commit; null: nothing.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public string? Position { get; init; }

    /// <summary>What was seen of quotes in a range.</summary>
    public RangeQuotes? Quotes { get; init; }

    /// <summary>Whether the reader gave up on a range, so that its only row says why.</summary>
    public bool Refused { get; init; }

    /// <summary>The keys of the JSON objects of a range, in the order of their first place.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];
}
