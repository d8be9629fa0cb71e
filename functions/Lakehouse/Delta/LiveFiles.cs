using System.Text.Json;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>The files that the versions of a table's recent past refer to.</summary>
internal sealed class LiveFiles
{
    // As on the lake: decoded, relative to the table's root.
    private readonly HashSet<string> paths = [];
    private readonly HashSet<string> states = [];

    private LiveFiles()
    {
    }

    /// <summary>Of the version that was the newest at a time, and of all since.</summary>
    public static async Task<LiveFiles> ReadAsync(ILake lake, LakePath root, DeltaTable table, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var log = new DeltaLog(lake, root);
        var times = await log.TimesAsync(cancellationToken);
        var newest = await table.LoadAsync(null, cancellationToken) ?? throw new NoTableException($"There is no table at {root}; a vacuum of it would take all files.");
        DeltaProtocol.CheckWritable(root, newest.Protocol, newest.Metadata, new DeltaCommit { Operation = "VACUUM", Mode = CommitMode.Append, Schema = newest.Snapshot().Schema });

        // Where the log does not reach back that far, its oldest version; where another engine left no entry at all, the newest.
        var first = times.Count == 0 ? newest.Version : times.LastOrDefault(entry => entry.CommittedUtc <= since, times[0]).Version;
        var live = new LiveFiles();
        live.Add(await table.LoadAsync(first, cancellationToken) ?? newest);
        live.Add(newest);
        foreach (var tombstone in newest.Tombstones.Values.Where(file => file.DeletionTimestamp >= since.ToUnixTimeMilliseconds()))
        {
            live.paths.Add(PartitionPath.FromLog(tombstone.Path));
        }

        long[] versions = [.. times.Select(entry => entry.Version).Where(version => version > first)];
        foreach (var (version, content) in await log.ReadCommitsAsync(versions, cancellationToken))
        {
            live.Add(LogEntry.Read(content ?? throw new TransientException($"The log entry {version} of the table {root} vanished while it was read."), log.Commit(version)));
        }

        return live;
    }

    /// <summary>Whether a version has the file, or a domain's text names it.</summary>
    public bool Contains(string path)
    {
        if (paths.Contains(path))
        {
            return true;
        }

        var escaped = JsonEncodedText.Encode(path).ToString();
        return states.Any(state => state.Contains(path, StringComparison.Ordinal) || state.Contains(escaped, StringComparison.Ordinal));
    }

    private void Add(TableState table) => Add(table.Files.Values.Select(file => new LogAction { Add = file })
        .Concat(table.Domains.Values.Select(domain => new LogAction { DomainMetadata = domain })));

    private void Add(IEnumerable<LogAction> actions)
    {
        foreach (var action in actions)
        {
            if (action.Add is { } file)
            {
                paths.Add(PartitionPath.FromLog(file.Path));
            }

            if (action.DomainMetadata is { } domain)
            {
                states.Add(domain.Configuration);
            }
        }
    }
}
