using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Streaming;

/// <summary>Keeps events that belong to no source: rows of <c>rejected._unrouted</c> in the first pipeline, by name, that takes events of the hub; where there is none, in a pipeline of the hub's name.</summary>
internal sealed class UnroutedEvents(LakeTables tables, Engine engine, DataFileWriter writer, TimeProvider clock, ILogger logger)
{
    private static readonly TableKey Table = new("rejected", "_unrouted");

    /// <summary>Commits what the table does not have yet.</summary>
    /// <exception cref="TransientException">Another instance took events of this partition meanwhile, or the storage did not answer. The same call sorts it out.</exception>
    public async Task RejectAsync(HubPartition partition, IReadOnlyList<StreamEvent> events, IReadOnlyList<StreamTarget> targets, CancellationToken cancellationToken)
    {
        var pipeline = targets.Select(t => t.Pipeline.Definition.Name).Order(StringComparer.Ordinal).FirstOrDefault() ?? partition.Hub.ToLowerInvariant();
        var table = tables.Open(pipeline, Table);
        var snapshot = await table.ReadAsync((long?)null, cancellationToken);
        var batch = PartitionEvents.Of(snapshot, partition, events);
        if (batch.Fresh.Count == 0)
        {
            return;
        }

        logger.Unrouted(partition.Hub, batch.Fresh.Count);
        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("N");
        using var session = engine.OpenSmallSession();
        EventRows.Load(session, batch.Fresh.Select(e => (partition.Id, e.File, e.Event)), e => Why(e, targets), cancellationToken);
        var rows = $$"""
            select {{BronzeColumns.Timestamp(now)}} as rejected_at, {{Sql.Literal($"{pipeline}.stream.{id}")}} as run_id, {{Sql.Literal(partition.Hub)}} as source, _file as file, _offset as row, to_json(line)::varchar as raw,
                   [{'rule': 'unknown-source', 'column': null::varchar, 'value': null::varchar, 'reason': error}] as failures
            from events
            """;
        var commit = new DeltaCommit
        {
            Operation = "STREAM",
            Mode = CommitMode.Append,
            Schema = DeltaSchema.FromDuckDb(session.Describe(rows)),
            Add = await writer.WriteAsync(session, rows, table.Root, [], id, cancellationToken),
            Domains = [.. batch.States],
            Description = "Events that belong to no source",
            ReadVersion = snapshot?.Version ?? -1,
        };
        await table.CommitAsync(commit, cancellationToken);
    }

    private static string Why(StreamEvent next, IReadOnlyList<StreamTarget> targets)
    {
        var known = targets.Count == 0 ? "no source takes events of this hub" : $"the sources are {string.Join(", ", targets.Select(t => t.Name))}";
        return next.Source is null ? $"the event has no property 'source', and {known}" : $"the event's property 'source' is '{next.Source}', but {known}";
    }
}
