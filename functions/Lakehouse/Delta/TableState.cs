using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>A table's log replayed up to a version: the specification's "Action Reconciliation".</summary>
internal sealed class TableState(LakePath root)
{
    private static readonly TimeSpan DefaultRetention = TimeSpan.FromDays(7);

    private readonly Dictionary<string, AddAction> files = [];
    private readonly Dictionary<string, RemoveAction> tombstones = [];
    private readonly Dictionary<string, TransactionAction> transactions = [];
    private readonly Dictionary<string, DomainAction> domains = [];
    private ProtocolAction? protocol;
    private MetadataAction? metadata;
    private CommitInfoAction? lastCommit;

    public long Version { get; private set; } = -1;

    public DateTimeOffset CommittedUtc { get; private set; }

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

    /// <summary>Everything a checkpoint holds: no commitInfo, no removed domains, no expired tombstones.</summary>
    public IEnumerable<LogAction> Reconciled(DateTimeOffset now)
    {
        var retained = (now - Retention()).ToUnixTimeMilliseconds();
        return new LogAction[] { new() { Protocol = Protocol }, new() { MetaData = Metadata } }
            .Concat(transactions.Values.Select(transaction => new LogAction { Txn = transaction }))
            .Concat(domains.Values.Select(domain => new LogAction { DomainMetadata = domain }))
            .Concat(tombstones.Values.Where(tombstone => (tombstone.DeletionTimestamp ?? 0) > retained).Select(tombstone => new LogAction { Remove = tombstone }))
            .Concat(files.Values.Select(file => new LogAction { Add = file with { DataChange = false } }));
    }

    public DeltaSnapshot Snapshot()
    {
        DeltaProtocol.CheckReadable(root, Protocol);
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

    // The property is a Spark interval such as 'interval 1 week'; only the units that have one length are understood, anything else keeps the
    // default.
    private TimeSpan Retention()
    {
        var words = Metadata.Configuration.GetValueOrDefault("delta.deletedFileRetentionDuration", "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var keyword, var count, var unit] || !keyword.Equals("interval", StringComparison.OrdinalIgnoreCase) || !int.TryParse(count, out var number))
        {
            return DefaultRetention;
        }

        return unit.ToLowerInvariant().TrimEnd('s') switch
        {
            "minute" => TimeSpan.FromMinutes(number),
            "hour" => TimeSpan.FromHours(number),
            "day" => TimeSpan.FromDays(number),
            "week" => TimeSpan.FromDays(7.0 * number),
            _ => DefaultRetention,
        };
    }
}
