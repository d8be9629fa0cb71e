using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Audit;

/// <summary>Who did what, when, from where, and what became of it. Entries are added and never changed.</summary>
/// <remarks>An entry is in the Azure table <c>audit</c> as soon as it is written; every hour what is older goes to the Delta table <c>log</c> in the container <c>audit</c>.</remarks>
public sealed class AuditLog
{
    /// <summary>How many entries are read at most at a time.</summary>
    public const int MaxLimit = 1000;

    // An entry is written within this time of the hour that it belongs to, however slow storage is.
    private static readonly TimeSpan Lateness = TimeSpan.FromMinutes(15);
    private readonly StateTable table;
    private readonly AuditArchive archive;
    private readonly TimeProvider clock;
    private readonly ILogger logger;

    internal AuditLog(TableServiceClient tables, AuditArchive archive, TimeProvider clock, ILogger logger) =>
        (table, this.archive, this.clock, this.logger) = (new StateTable(tables, AuditTable.Name), archive, clock, logger);

    /// <summary>Creates table and container unless they are there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => Task.WhenAll(table.CreateAsync(cancellationToken), archive.CreateAsync(cancellationToken));

    /// <summary>Adds an entry; its id and time are the log's.</summary>
    /// <exception cref="TransientException">It may not be there.</exception>
    public async Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);

        // As exact as the archive keeps it.
        var now = new DateTimeOffset(clock.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        await table.TryAddAsync(AuditTable.Write(entry with { Id = Guid.CreateVersion7(now).ToString("N"), TimeUtc = now }), cancellationToken);
    }

    /// <summary>Adds an entry if that can be; what it tells of has happened, and the app's log has it otherwise.</summary>
    public async Task TryAppendAsync(AuditEntry entry, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        try
        {
            await AppendAsync(entry, cancellationToken);
        }
        catch (LakehouseException error)
        {
            logger.NotWritten(entry.What, entry.Target, entry.Who, $"{entry.Outcome}", error);
        }
    }

    /// <summary>Entries, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">At most so many, from 1 to <see cref="MaxLimit"/>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<AuditEntry>> ReadAsync(AuditFilter filter, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, MaxLimit);
        var found = new List<AuditEntry>();
        var hours = await HoursAsync(filter.FromUtc, filter.ToUtc, cancellationToken);
        foreach (var hour in hours.Reverse())
        {
            found.AddRange((await EntriesAsync(hour, cancellationToken)).Where(filter.Takes).Reverse().Take(limit - found.Count));
            if (found.Count == limit)
            {
                return found;
            }
        }

        // What went to the archive in between is told once.
        return [.. found, .. await archive.ReadAsync(filter, [.. found.Select(e => e.Id)], limit - found.Count, cancellationToken)];
    }

    /// <summary>Moves what is older than the hour to the archive; each entry is there once, however often this is tried, by however many instances.</summary>
    public async Task ArchiveAsync(CancellationToken cancellationToken)
    {
        var end = AuditTable.HourOf(clock.GetUtcNow() - Lateness);
        foreach (var hour in await HoursAsync(null, null, cancellationToken))
        {
            if (string.CompareOrdinal(hour, end) >= 0)
            {
                return;
            }

            var entries = await EntriesAsync(hour, cancellationToken);
            if (entries.Count == 0)
            {
                continue;
            }

            await archive.AddAsync(hour, entries, cancellationToken);
            foreach (var batch in entries.Chunk(100))
            {
                await table.TryCommitAsync(batch.Select(e => new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity(hour, e.Id))), cancellationToken);
            }
        }
    }

    // The hours that have entries in the table, oldest first.
    private async Task<IReadOnlyList<string>> HoursAsync(DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellationToken)
    {
        var hours = new List<string>();
        var first = AuditTable.HourOf(from ?? DateTimeOffset.MinValue);
        var last = AuditTable.HourOf(to ?? DateTimeOffset.MaxValue);
        for (var query = TableClient.CreateQueryFilter($"PartitionKey ge {first}"); query is not null;)
        {
            var rows = table.QueryAsync(query, pageRows: 1, cancellationToken);
            query = null;
            await foreach (var row in rows)
            {
                if (string.CompareOrdinal(row.PartitionKey, last) <= 0)
                {
                    hours.Add(row.PartitionKey);
                    query = TableClient.CreateQueryFilter($"PartitionKey gt {row.PartitionKey}");
                }

                break;
            }
        }

        return hours;
    }

    private async Task<IReadOnlyList<AuditEntry>> EntriesAsync(string hour, CancellationToken cancellationToken)
    {
        var entries = new List<AuditEntry>();
        await foreach (var row in table.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {hour}"), cancellationToken))
        {
            entries.Add(AuditTable.Read(row));
        }

        return entries;
    }
}
