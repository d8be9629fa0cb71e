using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>How a clean step that is too large for one activity is cut. All its activities follow the same list, which lies in the run's folder.</summary>
internal sealed record CleanSplit
{
    /// <summary>Whether silver and rejected keep what they have.</summary>
    public required bool Incremental { get; init; }

    /// <summary>The step's note.</summary>
    public string? Note { get; init; }

    /// <summary>What is judged anew, where the step is a backfill; else null.</summary>
    public SplitBackfill? Backfill { get; init; }

    /// <summary>Files of the run's folder with the rows whose unique values earlier rows have.</summary>
    public IReadOnlyList<AddFile> Unique { get; init; } = [];

    /// <summary>Files of bronze to clean, by part.</summary>
    public required IReadOnlyList<IReadOnlyList<AddFile>> Parts { get; init; }

    /// <summary>Files of silver that new rows may meet, by part; those that hold none of their keys are left alone.</summary>
    public required IReadOnlyList<IReadOnlyList<AddFile>> Present { get; init; }

    /// <summary>By how many buckets rows are told apart; 0 where the source has no key, and every row stays.</summary>
    public required int Buckets { get; init; }

    /// <summary>The version of each model that scores the rows, the same for all parts.</summary>
    public IReadOnlyDictionary<string, long> Models { get; init; } = new Dictionary<string, long>();

    /// <summary>The version of silver that all of this rests on; null: that there is none.</summary>
    public long? SilverVersion { get; init; }

    /// <summary>The version of rejected that all of this rests on; null: that there is none.</summary>
    public long? RejectedVersion { get; init; }

    /// <summary>Cuts a step.</summary>
    /// <param name="scope">What of bronze is to be read.</param>
    /// <param name="step">The step's tables.</param>
    /// <param name="present">Files of silver that new rows may meet.</param>
    /// <param name="hasKey">Whether the source has a key.</param>
    /// <param name="limits">How large parts and buckets are.</param>
    public static CleanSplit Of(CleanScope scope, CleanTables step, IReadOnlyList<AddFile> present, bool hasKey, CleanLimits limits)
    {
        var bytes = scope.Bronze.Bytes + present.Sum(f => f.SizeBytes);
        return new CleanSplit
        {
            Incremental = scope.Incremental,
            Note = scope.Note(step.BronzeKey),
            Parts = Cut(scope.Bronze.Files, limits),
            Present = Cut(present, limits),
            Buckets = hasKey ? (int)Math.Clamp((bytes + limits.BucketBytes - 1) / limits.BucketBytes, 1, limits.MaxBuckets) : 0,
            SilverVersion = step.Silver?.Version,
            RejectedVersion = step.Rejected?.Version,
        };
    }

    /// <summary>What the orchestration knows of it.</summary>
    public SplitStep Announce(string invocation) => new(invocation, Parts.Count, Present.Count, Buckets);

    /// <summary>Cuts files into parts, in their order.</summary>
    public static IReadOnlyList<IReadOnlyList<AddFile>> Cut(IReadOnlyList<AddFile> files, CleanLimits limits)
    {
        var target = Math.Max(limits.PartBytes, (files.Sum(f => f.SizeBytes) / limits.MaxParts) + 1);
        var parts = new List<List<AddFile>>();
        var size = 0L;
        foreach (var file in files)
        {
            if (parts.Count == 0 || (parts.Count < limits.MaxParts && size + file.SizeBytes > target))
            {
                parts.Add([]);
                size = 0;
            }

            parts[^1].Add(file);
            size += file.SizeBytes;
        }

        return parts;
    }
}

/// <summary>A backfill that was cut.</summary>
/// <param name="Range">The days whose partitions are made anew.</param>
/// <param name="Keys">Files of the run's folder with the keys that are judged anew.</param>
internal sealed record SplitBackfill(DateRange Range, IReadOnlyList<AddFile> Keys)
{
    /// <summary>Makes the keys readable in a session, as <see cref="BackfillScope.Keys"/>.</summary>
    public async Task<CacheLease> OpenKeysAsync(DuckDbSession session, TableReader reader, SourceDefinition source, LakePath root, CancellationToken cancellationToken)
    {
        var lease = await reader.CreateViewAsync(session, "backfill", "keys", Bucket.Snapshot(session, BackfillScope.EmptyKeys(source), [], Keys), root, cancellationToken);
        session.Execute($"create temp view {BackfillScope.Keys} as select * from backfill.keys", cancellationToken);
        return lease;
    }
}

/// <summary>What an attempt at a part of a clean step wrote; nothing of it is visible before the step's commits.</summary>
internal sealed record CleanedPart
{
    /// <summary>Valid rows: files of the buckets in the run's folder, or of silver where the source has no key.</summary>
    public required IReadOnlyList<AddFile> Valid { get; init; }

    /// <summary>Files of rejected.</summary>
    public IReadOnlyList<AddFile> Refused { get; init; } = [];

    /// <summary>What became of its rows of bronze.</summary>
    public MeasuredBatch Measured { get; init; } = MeasuredBatch.Empty;

    /// <summary>Rows of bronze that a backfill judges anew.</summary>
    public long Judged { get; init; }

    /// <summary>Files of the run's folder that name rows of rejected which a backfill judges anew.</summary>
    public IReadOnlyList<AddFile> JudgedRejected { get; init; } = [];

    /// <summary>What models said of the valid rows, where they are files of silver.</summary>
    public IReadOnlyList<ScoredRows> Scored { get; init; } = [];

    /// <summary>The bounds of the keys; null where silver has no files that they could meet.</summary>
    public KeyFilter? Keys { get; init; }

    /// <summary>The files of silver whose rows went into the buckets; empty for a part of bronze.</summary>
    public IReadOnlyList<AddFile> Taken { get; init; } = [];
}

/// <summary>What an attempt at a bucket wrote.</summary>
internal sealed record CleanedBucket
{
    /// <summary>Files of silver.</summary>
    public required IReadOnlyList<AddFile> Add { get; init; }

    /// <summary>The new rows of the bucket: all are accounted for.</summary>
    public required RowBooks Rows { get; init; }

    /// <summary>What models said of the new rows that stay.</summary>
    public IReadOnlyList<ScoredRows> Scored { get; init; } = [];

    /// <summary>Rows that silver had.</summary>
    public required long Present { get; init; }
}
