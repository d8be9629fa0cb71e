using Azure.Data.Tables;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Scheduling;

/// <summary>Remembers in the Azure table <c>schedules</c> up to when due times are dealt with. Of two instances that write at once, one succeeds.</summary>
public sealed class ScheduleStore(TableServiceClient tables)
{
    private const string Partition = "schedule";
    private readonly StateTable schedules = new(tables, "schedules");

    /// <summary>Creates the table unless it is there.</summary>
    public Task CreateAsync(CancellationToken cancellationToken) => schedules.CreateAsync(cancellationToken);

    /// <summary>All states, by pipeline.</summary>
    public async Task<IReadOnlyDictionary<string, ScheduleState>> ListAsync(CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, ScheduleState>(StringComparer.Ordinal);
        await foreach (var entity in schedules.QueryAsync(TableClient.CreateQueryFilter($"PartitionKey eq {Partition}"), cancellationToken))
        {
            found[entity.RowKey] = Read(entity);
        }

        return found;
    }

    /// <summary>The state of a pipeline's schedule; null where none was seen yet.</summary>
    public async Task<ScheduleState?> FindAsync(string pipeline, CancellationToken cancellationToken) =>
        await schedules.FindAsync(Partition, pipeline, cancellationToken) is { } entity ? Read(entity) : null;

    /// <summary>Writes a state, unless somebody else wrote in between.</summary>
    /// <param name="state">The state.</param>
    /// <param name="asItWas">What it was read as; null: there was none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal Task<bool> TrySaveAsync(ScheduleState state, ScheduleState? asItWas, CancellationToken cancellationToken)
    {
        var entity = new TableEntity(Partition, state.Pipeline)
        {
            ["Schedule"] = state.Schedule,
            ["SettledUtc"] = state.SettledUtc,
            ["StartedUtc"] = state.StartedUtc,
            ["RunId"] = state.RunId,
            ["StartingUtc"] = state.StartingUtc,
            ["StartingDueUtc"] = state.StartingDueUtc,
            ["WaitsFor"] = state.WaitsFor,
        };
        return asItWas is null ? schedules.TryAddAsync(entity, cancellationToken) : schedules.TryReplaceAsync(entity, asItWas.ETag, cancellationToken);
    }

    private static ScheduleState Read(TableEntity entity) => new()
    {
        Pipeline = entity.RowKey,
        Schedule = entity.GetString("Schedule"),
        SettledUtc = entity.GetDateTimeOffset("SettledUtc") ?? default,
        StartedUtc = entity.GetDateTimeOffset("StartedUtc"),
        RunId = entity.GetString("RunId"),
        StartingUtc = entity.GetDateTimeOffset("StartingUtc"),
        StartingDueUtc = entity.GetDateTimeOffset("StartingDueUtc"),
        WaitsFor = entity.GetString("WaitsFor"),
        ETag = entity.ETag,
    };
}
