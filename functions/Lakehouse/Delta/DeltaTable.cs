using System.Runtime.CompilerServices;
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
    // What is known of a lake's tables lives as long as the lake.
    private static readonly ConditionalWeakTable<ILake, LogCache> Logs = [];

    // Beyond so many commits the checkpoint is the shorter way.
    private const int LongestWay = 20;
    private readonly LogCache known = Logs.GetOrCreateValue(lake);
    private readonly DeltaLog log = new(lake, root);
    private readonly Checkpoint checkpoint = new(lake, root, scratch ?? Path.GetTempPath());

    /// <summary>The directory of the table.</summary>
    public LakePath Root => root;

    /// <summary>The table at a version, or at its newest; null where there is no table.</summary>
    /// <exception cref="TerminalException">The version is gone or never was, the log is damaged, or the table asks for a newer reader.</exception>
    public async Task<DeltaSnapshot?> ReadAsync(long? version, CancellationToken cancellationToken) => (await LookAsync(version, cancellationToken))?.Snapshot;

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

    internal async Task<TableState?> LoadAsync(long? version, CancellationToken cancellationToken) =>
        await LookAsync(version, cancellationToken) is { } found ? found.State.Copy(clock.GetUtcNow()) : null;

    private async Task<KnownTable?> LookAsync(long? version, CancellationToken cancellationToken)
    {
        var last = known.Find(root);
        if (last is not null && await GoOnAsync(last, version, cancellationToken) is { } newer)
        {
            return Keep(newer);
        }

        if (await ReplayAsync(version, cancellationToken) is not { } found)
        {
            known.Forget(root);
            return null;
        }

        // What was is asked for less often than what is.
        return version is null || last is null ? Keep(found) : Readable(found);

        KnownTable Keep(KnownTable table)
        {
            if (table != last)
            {
                known.Keep(root, table);
            }

            return Readable(table);
        }

        KnownTable Readable(KnownTable table)
        {
            DeltaProtocol.CheckReadable(root, table.State.Protocol, table.State.Metadata);
            return table;
        }
    }

    // Null: it is not what the log holds any more, or does not lead to that version.
    private async Task<KnownTable?> GoOnAsync(KnownTable last, long? version, CancellationToken cancellationToken)
    {
        if (version < last.Version)
        {
            return null;
        }

        var here = log.ReadCommitAsync(last.Version, cancellationToken);
        var next = version == last.Version ? Task.FromResult<byte[]?>(null) : log.ReadCommitAsync(last.Version + 1, cancellationToken);
        await Task.WhenAll(here, next);
        if (!last.IsOf(await here))
        {
            return null;
        }

        var (table, entry) = (last.State.Copy(clock.GetUtcNow()), await next);
        if (entry is null)
        {
            return version is null || version == last.Version ? last : null;
        }

        for (var content = entry; content is not null; content = table.Version == version ? null : await log.ReadCommitAsync(table.Version + 1, cancellationToken))
        {
            if (table.Version - last.Version == LongestWay)
            {
                return null;
            }

            entry = content;
            table.Apply(table.Version + 1, LogEntry.Read(entry, log.Commit(table.Version + 1)));
        }

        return version is null || version == table.Version ? new KnownTable(table, entry) : null;
    }

    private async Task<KnownTable?> ReplayAsync(long? version, CancellationToken cancellationToken)
    {
        if (await log.FindAsync(version, cancellationToken) is not { } segment)
        {
            return null;
        }

        var table = new TableState(root);
        byte[]? last = null;
        if (segment.Checkpoint.Count > 0)
        {
            table.Apply(segment.CheckpointVersion, await checkpoint.ReadAsync(segment.Checkpoint, cancellationToken));
            if (segment.Commits.Count == 0 && await log.ReadCommitAsync(segment.Version, cancellationToken) is { } content)
            {
                // A checkpoint never holds commitInfo, and with it the time of the commit.
                last = content;
                table.Apply(segment.Version, LogEntry.Read(last, log.Commit(segment.Version)).Where(action => action.CommitInfo is not null));
            }
        }

        foreach (var (number, content) in await log.ReadCommitsAsync(segment.Commits, cancellationToken))
        {
            last = content ?? throw new TransientException($"The log entry {number} of the table {root} vanished while it was read.");
            table.Apply(number, LogEntry.Read(last, log.Commit(number)));
        }

        return new KnownTable(table, last);
    }
}
