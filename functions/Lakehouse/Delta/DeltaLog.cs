using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>The files below <c>_delta_log</c>: which there are, reading entries, putting one.</summary>
internal sealed partial class DeltaLog(ILake lake, LakePath root)
{
    private const int ParallelReads = 8;

    public LakePath Folder { get; } = root.Append("_delta_log");

    public LakePath LastCheckpoint => Folder.Append("_last_checkpoint");

    public LakePath Commit(long version) => Folder.Append($"{version:D20}.json");

    /// <summary>What a snapshot is made of: the newest checkpoint up to a version and the commits after it; null where there is no table.</summary>
    public async Task<LogSegment?> FindAsync(long? version, CancellationToken cancellationToken)
    {
        var hint = await ReadLastCheckpointAsync(cancellationToken);
        if (hint is not null && !(version < hint.Version) && (await ListFromAsync(hint.Version, cancellationToken)).Find(version) is { } recent)
        {
            return recent;
        }

        // No pointer, one that is wrong or whose checkpoint was cleaned up, or an older version: the whole listing knows.
        var listing = await ListAllAsync(cancellationToken);
        if (listing.Newest < 0)
        {
            return null;
        }

        return listing.Find(version) ?? throw (version is null
            ? new TerminalException($"The log of the table {root} is damaged: commits before version {listing.Newest} are missing.")
            : new UnknownVersionException($"The table {root} has no version {version}: versions {listing.Oldest} to {listing.Newest} are there."));
    }

    /// <summary>The version that was the newest at a time, by the times of the log entries; null where there is no table.</summary>
    /// <exception cref="UnknownVersionException">The table began later, or what it was then is gone.</exception>
    public async Task<long?> VersionAtAsync(DateTimeOffset asOf, CancellationToken cancellationToken)
    {
        var times = await TimesAsync(cancellationToken);
        if (times.Count == 0)
        {
            return null;
        }

        return times.LastOrDefault(entry => entry.CommittedUtc <= asOf, (Version: -1, CommittedUtc: default)) is { Version: >= 0 } found
            ? found.Version
            : throw new UnknownVersionException($"The table {root} had no version at {asOf.UtcDateTime:O} that can still be read: versions "
                + $"{times[0].Version} ({times[0].CommittedUtc.UtcDateTime:O}) to {times[^1].Version} ({times[^1].CommittedUtc.UtcDateTime:O}) are there.");
    }

    /// <summary>Versions that can be read and when they began, oldest first. The clocks of storage nodes differ: an entry that seems no newer than the
    /// one before it counts as a millisecond newer, as in other engines.</summary>
    public async Task<IReadOnlyList<(long Version, DateTimeOffset CommittedUtc)>> TimesAsync(CancellationToken cancellationToken)
    {
        var listing = await ListAllAsync(cancellationToken);
        return listing.Oldest < 0 ? [] : [.. Times(listing).Where(entry => entry.Version >= listing.Oldest)];
    }

    public async Task<byte[]?> ReadCommitAsync(long version, CancellationToken cancellationToken) => await lake.ReadAsync(Commit(version), cancellationToken);

    /// <summary>Log entries of several versions, in their order; null for one that is not there.</summary>
    public async Task<IReadOnlyList<(long Version, byte[]? Content)>> ReadCommitsAsync(IReadOnlyList<long> versions, CancellationToken cancellationToken)
    {
        var found = new (long, byte[]?)[versions.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, versions.Count, options, async (index, token) => found[index] = (versions[index], await lake.ReadAsync(Commit(versions[index]), token)));
        return found;
    }

    private async Task<LastCheckpoint?> ReadLastCheckpointAsync(CancellationToken cancellationToken)
    {
        if (await lake.ReadAsync(LastCheckpoint, cancellationToken) is not { } content)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<LastCheckpoint>(content, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            // Other engines may write it without care for concurrent readers; it is a hint only.
            return null;
        }
    }

    private static List<(long Version, DateTimeOffset CommittedUtc)> Times(Listing listing)
    {
        var times = new List<(long Version, DateTimeOffset CommittedUtc)>();
        foreach (var version in listing.Commits)
        {
            var written = listing.Written[version];
            times.Add((version, times.Count > 0 && written <= times[^1].CommittedUtc ? times[^1].CommittedUtc.AddMilliseconds(1) : written));
        }

        return times;
    }

    // Names share their first 19 digits in tens: a table's recent log is one or two short listings however long its past.
    private async Task<Listing> ListFromAsync(long version, CancellationToken cancellationToken)
    {
        var listing = new Listing();
        var ten = version / 10;
        do
        {
            await AddAsync(listing, $"{Folder.Path}/{ten:D19}", cancellationToken);
            ten++;
        }
        while (listing.Commits.LastOrDefault(-1) == (ten * 10) - 1);

        return listing;
    }

    private async Task<Listing> ListAllAsync(CancellationToken cancellationToken)
    {
        var listing = new Listing();
        await AddAsync(listing, $"{Folder.Path}/", cancellationToken);
        return listing;
    }

    private async Task AddAsync(Listing listing, string prefix, CancellationToken cancellationToken)
    {
        var parts = new List<(long Version, int Of, LakePath Path)>();
        await foreach (var file in lake.ListPrefixAsync(root.Container, prefix, cancellationToken))
        {
            if (file.Path.Path.LastIndexOf('/') != Folder.Path.Length || LogFileName().Match(file.Path.Name) is not { Success: true } name)
            {
                continue;
            }

            var version = long.Parse(name.Groups["version"].ValueSpan, CultureInfo.InvariantCulture);
            if (name.Groups["json"].Success)
            {
                listing.Commits.Add(version);
                listing.Written[version] = file.ModifiedUtc;
            }
            else
            {
                parts.Add((version, name.Groups["of"].Success ? int.Parse(name.Groups["of"].ValueSpan, CultureInfo.InvariantCulture) : 1, file.Path));
            }
        }

        // A multi-part checkpoint with missing parts must be ignored.
        foreach (var whole in parts.GroupBy(part => (part.Version, part.Of)).Where(part => part.Count() == part.Key.Of))
        {
            listing.Checkpoints[whole.Key.Version] = [.. whole.Select(part => part.Path)];
        }
    }

    [GeneratedRegex(@"^(?<version>\d{20})\.(?:(?<json>json)|checkpoint(?:\.\d{10}\.(?<of>\d{10}))?\.parquet)$", RegexOptions.ExplicitCapture)]
    private static partial Regex LogFileName();

    private sealed class Listing
    {
        public List<long> Commits { get; } = [];

        /// <summary>When each commit's entry was written, by the storage's clock.</summary>
        public Dictionary<long, DateTimeOffset> Written { get; } = [];

        public SortedDictionary<long, IReadOnlyList<LakePath>> Checkpoints { get; } = [];

        public long Newest => Math.Max(Commits.LastOrDefault(-1), Checkpoints.Keys.LastOrDefault(-1));

        public long Oldest => Commits.FirstOrDefault(-1) == 0 ? 0 : Checkpoints.Keys.FirstOrDefault(-1);

        /// <summary>Null where the version is not there, or commits that make it are missing.</summary>
        public LogSegment? Find(long? version)
        {
            var target = version ?? Newest;
            var (checkpoint, parts) = Checkpoints.LastOrDefault(entry => entry.Key <= target, new KeyValuePair<long, IReadOnlyList<LakePath>>(-1, []));
            long[] commits = [.. Commits.Where(commit => commit > checkpoint && commit <= target)];
            return target >= 0 && target <= Newest && commits.Length == target - checkpoint ? new LogSegment(target, checkpoint, parts, commits) : null;
        }
    }
}

/// <summary>The part of a log that makes a version.</summary>
internal sealed record LogSegment(long Version, long CheckpointVersion, IReadOnlyList<LakePath> Checkpoint, IReadOnlyList<long> Commits);

/// <summary>The content of <c>_last_checkpoint</c>.</summary>
internal sealed record LastCheckpoint
{
    public required long Version { get; init; }

    /// <summary>Number of actions in the checkpoint.</summary>
    public long Size { get; init; }

    /// <summary>Length of the checkpoint file; null where its writer did not say.</summary>
    public long? SizeInBytes { get; init; }

    /// <summary>Live files in the checkpoint; null where its writer did not say.</summary>
    public long? NumOfAddFiles { get; init; }
}
