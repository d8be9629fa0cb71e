using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

public sealed partial class DeltaTable
{
    private const int CommitsPerCheckpoint = 10;
    private const int FirstDelayMilliseconds = 10;
    private const int LongestDelayMilliseconds = 500;
    private static readonly TimeSpan CommitDeadline = TimeSpan.FromSeconds(60);

    // Writers of one process queue instead of racing. A gate lives as long as the lake it belongs to; it holds nothing else.
    private static readonly ConditionalWeakTable<ILake, ConcurrentDictionary<LakePath, SemaphoreSlim>> Gates = [];

    /// <summary>Makes a commit visible as a whole, creating the table if it is not there. A lost race is planned anew until 60 seconds have
    /// passed.</summary>
    /// <exception cref="StaleRunException">The table holds a newer version of the commit's transaction.</exception>
    /// <exception cref="TransientException">A commit in between makes this one void, the race was lost for 60 seconds, or the storage did not
    /// answer.</exception>
    /// <exception cref="TerminalException">Schema, partitions or protocol do not allow the commit.</exception>
    public Task<CommitResult> CommitAsync(DeltaCommit commit, CancellationToken cancellationToken) =>
        CommitAsync(commit, (table, now) => CommitPlan.Actions(root, commit, table, now), cancellationToken);

    private async Task<CommitResult> CommitAsync(
        DeltaCommit commit, Func<TableState?, DateTimeOffset, IReadOnlyList<LogAction>> plan, CancellationToken cancellationToken)
    {
        var gate = Gates.GetOrCreateValue(lake).GetOrAdd(root, _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancellationToken);
        try
        {
            return await CommitInTurnAsync(commit, plan, cancellationToken);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<CommitResult> CommitInTurnAsync(
        DeltaCommit commit, Func<TableState?, DateTimeOffset, IReadOnlyList<LogAction>> plan, CancellationToken cancellationToken)
    {
        var deadline = clock.GetUtcNow() + CommitDeadline;
        var table = await LoadAsync(null, cancellationToken);
        var read = commit.ReadVersion ?? table?.Version ?? -1;
        if (read > (table?.Version ?? -1))
        {
            throw new TerminalException($"The commit to {root} rests on version {read}, but the table's newest is {table?.Version ?? -1}.");
        }

        var checkedVersion = read;
        for (var attempt = 0; ; attempt++)
        {
            if (table is not null && await FindRepeatAsync(commit, table, cancellationToken) is { } repeat)
            {
                return repeat;
            }

            checkedVersion = await CheckConflictsAsync(commit, checkedVersion, table?.Version ?? -1, cancellationToken);
            var version = (table?.Version ?? -1) + 1;
            var actions = plan(table, clock.GetUtcNow());
            var entry = LogEntry.Write(actions);
            if (await TryPutAsync(version, entry, cancellationToken))
            {
                table ??= new TableState(root);
                table.Apply(version, actions);
                var committed = new KnownTable(table, entry);
                known.Keep(root, committed);
                var failure = await CheckpointIfDueAsync(table, cancellationToken);
                return new CommitResult { Version = version, Repeated = false, Snapshot = committed.Snapshot, CheckpointFailure = failure };
            }

            if (clock.GetUtcNow() >= deadline)
            {
                throw new TransientException($"The commit to {root} lost {attempt + 1} races within {CommitDeadline.TotalSeconds:0} seconds; "
                    + $"version {version} went to another writer.");
            }

            await Task.Delay(Jitter(attempt), clock, cancellationToken);
            table = await CatchUpAsync(table, cancellationToken);
        }
    }

    private async Task<CommitResult?> FindRepeatAsync(DeltaCommit commit, TableState table, CancellationToken cancellationToken)
    {
        if (commit.Transaction is not { } transaction || !table.Transactions.TryGetValue(transaction.AppId, out var found) || found.Version < transaction.Version)
        {
            return null;
        }

        if (found.Version > transaction.Version)
        {
            throw new StaleRunException($"The table {root} holds version {found.Version} of '{transaction.AppId}'; this commit is of version "
                + $"{transaction.Version}, an older run.");
        }

        // The commit that is repeated is nearly always the last one; where its log entry is gone, the newest version stands for it.
        for (var version = table.Version; await log.ReadCommitAsync(version, cancellationToken) is { } content; version--)
        {
            if (LogEntry.Read(content, log.Commit(version)).Any(action => action.Txn is { } txn && txn.AppId == transaction.AppId && txn.Version == transaction.Version))
            {
                var then = version == table.Version ? table : await LoadAsync(version, cancellationToken);
                return new CommitResult { Version = version, Repeated = true, Snapshot = (then ?? table).Snapshot() };
            }
        }

        return new CommitResult { Version = table.Version, Repeated = true, Snapshot = table.Snapshot() };
    }

    private async Task<long> CheckConflictsAsync(DeltaCommit commit, long checkedVersion, long newest, CancellationToken cancellationToken)
    {
        long[] between = [.. Enumerable.Range(0, (int)(newest - checkedVersion)).Select(index => checkedVersion + 1 + index)];
        foreach (var (version, content) in await log.ReadCommitsAsync(between, cancellationToken))
        {
            var theirs = LogEntry.Read(content ?? throw new TransientException($"Version {version} of the table {root} is gone from the log, so "
                + "whether it allows this commit cannot be told. Read the table again and repeat the step."), log.Commit(version));
            ConflictRules.Check(root, commit, version, [.. theirs]);
        }

        return newest;
    }

    private async Task<bool> TryPutAsync(long version, byte[] entry, CancellationToken cancellationToken)
    {
        try
        {
            return await lake.TryCreateAsync(log.Commit(version), entry, cancellationToken);
        }
        catch (TransientException)
        {
            // The answer may have got lost on its way back: what the log holds now decides. If nobody's entry is there, the fault stands.
            if (await log.ReadCommitAsync(version, cancellationToken) is not { } found)
            {
                throw;
            }

            return found.AsSpan().SequenceEqual(entry);
        }
    }

    private async Task<TableState?> CatchUpAsync(TableState? table, CancellationToken cancellationToken)
    {
        var current = table ?? new TableState(root);
        while (await log.ReadCommitAsync(current.Version + 1, cancellationToken) is { } content)
        {
            current.Apply(current.Version + 1, LogEntry.Read(content, log.Commit(current.Version + 1)));
        }

        return current.Version < 0 ? null : current;
    }

    // The commit stands without its checkpoint, which the next one makes up for: a failure is reported, not thrown.
    private async Task<string?> CheckpointIfDueAsync(TableState table, CancellationToken cancellationToken)
    {
        if (table.Version == 0 || table.Version % CommitsPerCheckpoint != 0)
        {
            return null;
        }

        try
        {
            await checkpoint.WriteAsync(table, log.LastCheckpoint, clock.GetUtcNow(), cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is LakehouseException or IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }

    // Full jitter: with equal delays the same writers would meet again.
    private static TimeSpan Jitter(int attempt) =>
        TimeSpan.FromMilliseconds(RandomNumberGenerator.GetInt32(1, Math.Min(LongestDelayMilliseconds, FirstDelayMilliseconds << Math.Min(attempt, 7)) + 1));
}
