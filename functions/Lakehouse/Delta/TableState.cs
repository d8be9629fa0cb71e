using System.Globalization;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>A table's log replayed up to a version: the specification's "Action Reconciliation".</summary>
/// <param name="root">The table's directory.</param>
/// <param name="before">What it goes on from; null: nothing.</param>
internal sealed class TableState(LakePath root, TableState? before = null)
{
    private const long MaxMinutes = 1000L * 365 * 24 * 60;
    private static readonly TimeSpan DefaultRetention = TimeSpan.FromDays(7);

    private readonly Dictionary<string, AddAction> files = before is null ? [] : new(before.files);
    private readonly Dictionary<string, RemoveAction> tombstones = before is null ? [] : new(before.tombstones);
    private readonly Dictionary<string, TransactionAction> transactions = before is null ? [] : new(before.transactions);
    private readonly Dictionary<string, DomainAction> domains = before is null ? [] : new(before.domains);
    private ProtocolAction? protocol = before?.protocol;
    private MetadataAction? metadata = before?.metadata;
    private CommitInfoAction? lastCommit = before?.lastCommit;

    public long Version { get; private set; } = before?.Version ?? -1;

    public DateTimeOffset CommittedUtc { get; private set; } = before?.CommittedUtc ?? default;

    public ProtocolAction Protocol => protocol ?? throw new TerminalException($"The log of the table {root} has no protocol up to version "
        + $"{Version}: it is damaged.");

    public MetadataAction Metadata => metadata ?? throw new TerminalException($"The log of the table {root} has no metaData up to version "
        + $"{Version}: it is damaged.");

    public IReadOnlyDictionary<string, AddAction> Files => files;

    public IReadOnlyDictionary<string, RemoveAction> Tombstones => tombstones;

    public IReadOnlyDictionary<string, TransactionAction> Transactions => transactions;

    public IReadOnlyDictionary<string, DomainAction> Domains => domains;

    public void Apply(long version, IEnumerable<LogAction> actions)
    {
        lastCommit = null;
        foreach (var action in actions)
        {
            Apply(action);
        }

        Version = version;
    }

    /// <summary>The same, to be changed; expired tombstones stay behind, as they do in a checkpoint.</summary>
    public TableState Copy(DateTimeOffset now)
    {
        var (copy, retained) = (new TableState(root, this), RetainedSince(now));
        foreach (var tombstone in tombstones.Values.Where(tombstone => (tombstone.DeletionTimestamp ?? 0) <= retained))
        {
            copy.tombstones.Remove(tombstone.Path);
        }

        return copy;
    }

    /// <summary>Everything a checkpoint holds: no commitInfo, no removed domains, no expired tombstones.</summary>
    public IEnumerable<LogAction> Reconciled(DateTimeOffset now)
    {
        var retained = RetainedSince(now);
        return new LogAction[] { new() { Protocol = Protocol }, new() { MetaData = Metadata } }
            .Concat(transactions.Values.Select(transaction => new LogAction { Txn = transaction }))
            .Concat(domains.Values.Select(domain => new LogAction { DomainMetadata = domain }))
            .Concat(tombstones.Values.Where(tombstone => (tombstone.DeletionTimestamp ?? 0) > retained).Select(tombstone => new LogAction { Remove = tombstone }))
            .Concat(files.Values.Select(file => new LogAction { Add = file with { DataChange = false } }));
    }

    private long RetainedSince(DateTimeOffset now) => (now - (Interval("delta.deletedFileRetentionDuration", out _) ?? DefaultRetention)).ToUnixTimeMilliseconds();

    public DeltaSnapshot Snapshot()
    {
        DeltaProtocol.CheckReadable(root, Protocol, Metadata);
        return new DeltaSnapshot
        {
            Version = Version,
            TableId = Metadata.Id,
            Schema = DeltaSchema.FromJson(Metadata.SchemaString),
            PartitionColumns = Metadata.PartitionColumns,
            Configuration = Metadata.Configuration,
            Files = [.. files.Values.OrderBy(file => file.ModificationTime).ThenBy(file => file.Path, StringComparer.Ordinal).Select(ToAddFile)],
            Transactions = transactions.Where(entry => entry.Value.Version >= 0).ToDictionary(entry => entry.Key, entry => entry.Value.Version),
            Domains = domains.ToDictionary(entry => entry.Key, entry => entry.Value.Configuration),
            CommittedUtc = CommittedUtc,
            LastCommit = lastCommit is { } info ? DeltaTable.Describe(Version, info) : null,
            Description = Metadata.Description,
        };
    }

    public static AddFile ToAddFile(AddAction file) => new()
    {
        Path = file.Path,
        PartitionValues = file.PartitionValues,
        SizeBytes = file.Size,
        ModifiedUnixMilliseconds = file.ModificationTime,
        DataChange = file.DataChange,
        Statistics = file.Stats is { Length: > 0 } stats ? FileStatistics.Parse(stats) : null,
    };

    private void Apply(LogAction action)
    {
        switch (action)
        {
            case { CommitInfo: { } info }:
                lastCommit = info;
                CommittedUtc = info.Timestamp is { } timestamp ? DateTimeOffset.FromUnixTimeMilliseconds(timestamp) : CommittedUtc;
                break;
            case { Protocol: { } changed }:
                protocol = changed;
                break;
            case { MetaData: { } changed }:
                metadata = changed;
                break;
            case { Txn: { } transaction }:
                transactions[transaction.AppId] = transaction;
                break;
            case { DomainMetadata: { Removed: true } domain }:
                domains.Remove(domain.Domain);
                break;
            case { DomainMetadata: { } domain }:
                domains[domain.Domain] = domain;
                break;
            case { Remove: { } file }:
                files.Remove(file.Path);
                tombstones[file.Path] = file;
                break;
            case { Add: { } file }:
                tombstones.Remove(file.Path);
                files[file.Path] = file;
                break;
        }
    }

    /// <summary>A property that is a Spark interval such as 'interval 1 week'; months and years count as their longest. Null where it is not set, or not
    /// understood: see <paramref name="text"/>.</summary>
    public TimeSpan? Interval(string property, out string? text)
    {
        text = Metadata.Configuration.GetValueOrDefault(property);
        var words = (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is ["interval" or "INTERVAL", .. var rest])
        {
            words = rest;
        }

        if (words is not [var count, var unit] || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        int? minutes = unit.ToLowerInvariant().TrimEnd('s') switch
        {
            "minute" => 1,
            "hour" => 60,
            "day" => 24 * 60,
            "week" => 7 * 24 * 60,
            "month" => 31 * 24 * 60,
            "year" => 366 * 24 * 60,
            _ => null,
        };

        // Longer than any clock has run is for ever, and still a time that can be subtracted.
        return minutes is { } length ? TimeSpan.FromMinutes(Math.Min((long)number * length, MaxMinutes)) : null;
    }
}
