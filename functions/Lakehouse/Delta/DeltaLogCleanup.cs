using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Deletes the part of a table's log that no version needs which can be read after the retention: the specification's "Metadata Cleanup".</summary>
/// <param name="lake">Where the table lies.</param>
/// <param name="clock">What the age of log entries is measured by.</param>
/// <param name="scratch">A local directory for reading checkpoints; by default that of the system.</param>
public sealed class DeltaLogCleanup(ILake lake, TimeProvider clock, string? scratch = null)
{
    private static readonly TimeSpan DefaultRetention = TimeSpan.FromDays(30);

    /// <summary>Deletes old log entries and checkpoints, or lists them.</summary>
    /// <remarks>Every version that was the newest at some time within the retention (<c>delta.logRetentionDuration</c>, 30 days by default, up to midnight UTC)
    /// stays readable, and so do those since the newest whole checkpoint before. What is deleted goes so that the readable versions have no gap at any
    /// moment: a run that was stopped is made up for by the next. Commits may go on meanwhile. A table with <c>delta.enableExpiredLogCleanup</c> false keeps
    /// its log.</remarks>
    /// <param name="root">The table's directory.</param>
    /// <param name="dryRun">True: nothing is deleted.</param>
    /// <param name="cancellationToken">Ends it between two files.</param>
    /// <exception cref="TerminalException">There is no table, or it is of a protocol not known here.</exception>
    /// <exception cref="TransientException">The storage did not answer.</exception>
    public async Task<LogCleanupResult> RunAsync(LakePath root, bool dryRun, CancellationToken cancellationToken)
    {
        var table = await new DeltaTable(lake, root, clock, scratch).LoadAsync(null, cancellationToken) ?? throw new NoTableException($"There is no table at {root} whose log could be cleaned up.");
        DeltaProtocol.CheckWritable(root, table.Protocol, table.Metadata, new DeltaCommit { Operation = "CLEANUP", Mode = CommitMode.Append, Schema = DeltaSchema.FromJson(table.Metadata.SchemaString) });
        var kept = table.Metadata.Configuration.GetValueOrDefault("delta.enableExpiredLogCleanup", "true").Equals("false", StringComparison.OrdinalIgnoreCase);
        var interval = table.Interval("delta.logRetentionDuration", out var text);
        if (interval is null && text is not null)
        {
            throw new TerminalException($"The table {root} is to keep its log for '{text}' (delta.logRetentionDuration); expected such as 'interval 30 days'. Nothing was deleted.");
        }

        var cutOff = new DateTimeOffset((clock.GetUtcNow() - (interval ?? DefaultRetention)).UtcDateTime.Date, TimeSpan.Zero);
        var (oldest, files) = kept ? (null, []) : await new DeltaLog(lake, root).FindExpiredAsync(cutOff, cancellationToken);
        foreach (var file in dryRun ? [] : files)
        {
            // One by one: the order is what keeps the rest readable.
            await lake.DeleteAsync(file.Path, cancellationToken);
        }

        return new LogCleanupResult { OldestVersion = oldest, Files = [.. files.Select(file => file.Path.Name)], Bytes = files.Sum(file => file.SizeBytes), DryRun = dryRun };
    }
}

/// <summary>What a log clean-up deleted.</summary>
public sealed record LogCleanupResult
{
    /// <summary>The oldest version that stays readable; null where nothing is old enough, or the table keeps its log.</summary>
    public required long? OldestVersion { get; init; }

    /// <summary>Names below <c>_delta_log</c>, in the order of their deletion.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Their size together.</summary>
    public required long Bytes { get; init; }

    /// <summary>True: they are still there.</summary>
    public required bool DryRun { get; init; }
}
