using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Streaming.Live;

/// <summary>Live aggregates in the Azure table <c>live</c>: a row per window, group and partition, and one per partition that tells how far it is counted.
/// Losing the table loses windows that are not closed yet, never an event.</summary>
public sealed class LiveStore
{
    private const int BatchRows = 100;
    private const string AggregateRow = "aggregate";
    private const string PartitionPrefix = "partition ";
    private readonly StateTable table;

    internal LiveStore(TableServiceClient tables) => table = new StateTable(tables, "live");

    /// <summary>Creates the table unless it is there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => table.CreateAsync(cancellationToken);

    internal async Task<LiveHead> HeadAsync(string aggregate, CancellationToken cancellationToken)
    {
        var head = new LiveHead();
        var partitions = new Dictionary<string, PartitionHead>(StringComparer.Ordinal);
        await foreach (var row in table.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {aggregate}"), cancellationToken))
        {
            if (row.RowKey == AggregateRow)
            {
                head = head with { Applied = row.GetString("Applied"), ClosedThrough = row.GetInt64("ClosedThrough") ?? long.MinValue, ETag = row.ETag };
            }
            else
            {
                partitions[row.GetString("Partition")] = new PartitionHead
                {
                    Covered = row.GetInt64("Covered") ?? -1,
                    LatestMs = row.GetInt64("LatestMs") ?? 0,
                    Late = row.GetInt64("Late") ?? 0,
                    Dropped = row.GetInt64("Dropped") ?? 0,
                    SeenUtc = row.GetDateTimeOffset("SeenUtc") ?? default,
                    ETag = row.ETag,
                };
            }
        }

        return head with { Partitions = partitions };
    }

    /// <summary>The version of silver that is counted; null: none is yet.</summary>
    internal async Task<string?> AppliedAsync(string aggregate, CancellationToken cancellationToken) =>
        (await table.FindAsync(aggregate, AggregateRow, cancellationToken))?.GetString("Applied");

    /// <summary>Notes how far partitions are counted, and then that all of silver up to a version is.</summary>
    /// <exception cref="TransientException">Another instance noted something meanwhile.</exception>
    internal async Task SaveAsync(string aggregate, LiveHead head, IReadOnlyCollection<string> changed, CancellationToken cancellationToken)
    {
        var own = new TableEntity(aggregate, AggregateRow) { ["Applied"] = head.Applied, ["ClosedThrough"] = head.ClosedThrough };
        var actions = changed.Select(partition => (Key: partition, Head: head.Partitions[partition])).Select(p => Action(
            new TableEntity(aggregate, PartitionPrefix + KeyOf(p.Key))
            {
                ["Partition"] = p.Key,
                ["Covered"] = p.Head.Covered,
                ["LatestMs"] = p.Head.LatestMs,
                ["Late"] = p.Head.Late,
                ["Dropped"] = p.Head.Dropped,
                ["SeenUtc"] = p.Head.SeenUtc,
            },
            p.Head.ETag)).Append(Action(own, head.ETag)).ToList();
        await CommitAsync(aggregate, actions, cancellationToken);
    }

    /// <summary>Notes through which time windows are closed.</summary>
    internal Task CloseAsync(string aggregate, long throughMs, CancellationToken cancellationToken) =>
        table.UpsertAsync(new TableEntity(aggregate, AggregateRow) { ["ClosedThrough"] = throughMs }, TableUpdateMode.Merge, cancellationToken);

    /// <summary>The rows of windows, by when they begin.</summary>
    /// <param name="aggregate">The aggregate.</param>
    /// <param name="fromMs">The first window's begin, in milliseconds since 1970.</param>
    /// <param name="beforeMs">Windows that begin at this time or later are left out; null: none is.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    internal async Task<SortedDictionary<long, List<LiveRow>>> WindowsAsync(string aggregate, long fromMs, long? beforeMs, CancellationToken cancellationToken)
    {
        var windows = new SortedDictionary<long, List<LiveRow>>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {WindowKey(aggregate, fromMs)} and PartitionKey lt {(beforeMs is { } before ? WindowKey(aggregate, before) : $"{aggregate}}}")}");
        await foreach (var row in table.QueryAsync(filter, cancellationToken))
        {
            var start = long.Parse(row.PartitionKey.AsSpan(row.PartitionKey.LastIndexOf('|') + 1), CultureInfo.InvariantCulture);
            if (!windows.TryGetValue(start, out var rows))
            {
                windows[start] = rows = [];
            }

            rows.Add(Read(row));
        }

        return windows;
    }

    /// <summary>Writes rows of a window.</summary>
    /// <exception cref="TransientException">Another instance changed one of them meanwhile.</exception>
    internal Task SaveAsync(string aggregate, long startMs, IEnumerable<LiveRow> rows, CancellationToken cancellationToken) =>
        CommitAsync(aggregate, [.. rows.Select(row => Action(Write(WindowKey(aggregate, startMs), row), row.ETag))], cancellationToken);

    /// <summary>Deletes windows that begin before a time.</summary>
    internal async Task DeleteAsync(string aggregate, long beforeMs, CancellationToken cancellationToken)
    {
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {WindowKey(aggregate, 0)} and PartitionKey lt {WindowKey(aggregate, beforeMs)}");
        var rows = new List<TableEntity>();
        await foreach (var row in table.QueryAsync(filter, cancellationToken))
        {
            rows.Add(row);
        }

        foreach (var batch in rows.GroupBy(r => r.PartitionKey).SelectMany(w => w.Chunk(BatchRows)))
        {
            // Another instance may be at it too.
            await table.TryCommitAsync(batch.Select(r => new TableTransactionAction(TableTransactionActionType.Delete, r, ETag.All)), cancellationToken);
        }
    }

    private static string WindowKey(string aggregate, long startMs) => string.Create(CultureInfo.InvariantCulture, $"{aggregate}|{Math.Max(0, startMs):D15}");

    private static TableTransactionAction Action(TableEntity row, ETag? asItWas) =>
        asItWas is { } etag ? new(TableTransactionActionType.UpdateReplace, row, etag) : new(TableTransactionActionType.Add, row);

    private async Task CommitAsync(string aggregate, List<TableTransactionAction> actions, CancellationToken cancellationToken)
    {
        foreach (var batch in actions.Chunk(BatchRows))
        {
            if (!await table.TryCommitAsync(batch, cancellationToken))
            {
                throw new TransientException($"Another instance counted events of the live aggregate {aggregate} meanwhile.");
            }
        }
    }

    private static LiveRow Read(TableEntity row) => new()
    {
        Partition = row.GetString("Partition"),
        Group = row.GetString("Group"),
        Covered = row.GetInt64("Covered") ?? -1,
        Tallies = Json.Read<IReadOnlyList<Tally>>(row.GetString("Tallies")),
        ETag = row.ETag,
    };

    private static TableEntity Write(string partitionKey, LiveRow row) => new(partitionKey, $"{KeyOf(row.Partition)} {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(row.Group)))[..32]}")
    {
        ["Partition"] = row.Partition,
        ["Group"] = row.Group,
        ["Covered"] = row.Covered,
        ["Tallies"] = Json.Write(row.Tallies),
    };

    // Keys have no slash.
    private static string KeyOf(string partition) => partition.Replace('/', ' ');
}
