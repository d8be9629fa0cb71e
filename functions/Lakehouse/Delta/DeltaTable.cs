using System.Text.Json;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>A Delta Lake table (reader version 1, writer version 7 with appendOnly, domainMetadata and invariants).</summary>
/// <param name="lake">Where it lies.</param>
/// <param name="root">Its directory.</param>
/// <param name="clock">Gives commits their time, and retries their deadline.</param>
/// <param name="scratch">A local directory for checkpoints on their way; by default that of the system.</param>
public sealed partial class DeltaTable(ILake lake, LakePath root, TimeProvider clock, string? scratch = null)
{
    private readonly DeltaLog log = new(lake, root);
    private readonly Checkpoint checkpoint = new(lake, root, scratch ?? Path.GetTempPath());

    /// <summary>The directory of the table.</summary>
    public LakePath Root => root;

    /// <summary>The table at a version, or at its newest; null where there is no table.</summary>
    /// <exception cref="TerminalException">The version is gone or never was, the log is damaged, or the table asks for a newer reader.</exception>
    public async Task<DeltaSnapshot?> ReadAsync(long? version, CancellationToken cancellationToken) => (await LoadAsync(version, cancellationToken))?.Snapshot();

    /// <summary>The table as it was at a time: at the newest version whose log entry was written by then; null where there is no table.</summary>
    /// <remarks>The times are those of the log entries on the lake, as in other engines: a copied table has the times of its copying.</remarks>
    /// <exception cref="UnknownVersionException">The time lies before the oldest version that can be read.</exception>
    /// <exception cref="TerminalException">The log is damaged, or the table asks for a newer reader.</exception>
    public async Task<DeltaSnapshot?> ReadAsync(DateTimeOffset asOf, CancellationToken cancellationToken) =>
        await log.VersionAtAsync(asOf, cancellationToken) is { } version ? await ReadAsync(version, cancellationToken) : null;

    /// <summary>The newest commits, newest first; empty where there is no table.</summary>
    public async Task<IReadOnlyList<HistoryEntry>> HistoryAsync(int limit, CancellationToken cancellationToken)
    {
        if (limit <= 0 || await log.FindAsync(null, cancellationToken) is not { } segment)
        {
            return [];
        }

        var oldest = Math.Max(0, segment.Version - limit + 1);
        long[] versions = [.. Enumerable.Range(0, (int)(segment.Version - oldest + 1)).Select(index => segment.Version - index)];
        var entries = await log.ReadCommitsAsync(versions, cancellationToken);
        return [.. entries.TakeWhile(entry => entry.Content is not null).Select(entry => Describe(entry.Version, entry.Content ?? []))];
    }

    private HistoryEntry Describe(long version, byte[] content) => Describe(
        version, LogEntry.Read(content, log.Commit(version)).Select(action => action.CommitInfo).FirstOrDefault(found => found is not null) ?? new CommitInfoAction());

    internal static HistoryEntry Describe(long version, CommitInfoAction info) => new(
        version,
        info.Timestamp is { } timestamp ? DateTimeOffset.FromUnixTimeMilliseconds(timestamp) : null,
        info.Operation ?? "unknown",
        (info.OperationMetrics ?? new Dictionary<string, JsonElement>()).ToDictionary(metric => metric.Key, metric => metric.Value.ToString()));

    internal async Task<TableState?> LoadAsync(long? version, CancellationToken cancellationToken)
    {
        if (await log.FindAsync(version, cancellationToken) is not { } segment)
        {
            return null;
        }

        var table = new TableState(root);
        if (segment.Checkpoint.Count > 0)
        {
            table.Apply(segment.CheckpointVersion, await checkpoint.ReadAsync(segment.Checkpoint, cancellationToken));
            if (segment.Commits.Count == 0 && await log.ReadCommitAsync(segment.Version, cancellationToken) is { } last)
            {
                // A checkpoint never holds commitInfo, and with it the time of the commit.
                table.Apply(segment.Version, LogEntry.Read(last, log.Commit(segment.Version)).Where(action => action.CommitInfo is not null));
            }
        }

        foreach (var (number, content) in await log.ReadCommitsAsync(segment.Commits, cancellationToken))
        {
            table.Apply(number, LogEntry.Read(content ?? throw new TransientException($"The log entry {number} of the table {root} vanished "
                + "while it was read."), log.Commit(number)));
        }

        DeltaProtocol.CheckReadable(root, table.Protocol, table.Metadata);
        return table;
    }
}
