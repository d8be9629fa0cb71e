using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Streaming;

/// <summary>Events of one partition that wait for a commit, in the order of their numbers.</summary>
internal sealed record Arrival(HubPartition Partition, IReadOnlyList<StreamEvent> Events);

/// <summary>What a landing came to.</summary>
internal sealed record Landing
{
    /// <summary>Events that became rows of bronze.</summary>
    public required long Taken { get; init; }

    /// <summary>Events that bronze had already.</summary>
    public required long Repeats { get; init; }

    /// <summary>Bronze, with the events in it.</summary>
    public required DeltaSnapshot Bronze { get; init; }
}

/// <summary>Commits events to bronze, each once: a partition's position is in the commit that has its events, and a commit that rests on an older position is void.</summary>
internal sealed class StreamLander(LakeTables tables, Engine engine, DataFileWriter writer, TimeProvider clock)
{
    /// <summary>Commits what bronze does not have yet.</summary>
    /// <param name="target">The source.</param>
    /// <param name="arrivals">The events; of a partition there may be several batches.</param>
    /// <param name="cancellationToken">Ends the work; without the commit nothing has changed.</param>
    /// <exception cref="TransientException">Another instance took events of these partitions meanwhile, or the storage did not answer. The same call sorts it out.</exception>
    public async Task<Landing> LandAsync(StreamTarget target, IReadOnlyList<Arrival> arrivals, CancellationToken cancellationToken)
    {
        var table = tables.Open(target.Pipeline.Definition.Name, target.Bronze);
        var snapshot = await table.ReadAsync((long?)null, cancellationToken);
        var parts = arrivals.GroupBy(a => a.Partition).Select(p => PartitionEvents.Of(snapshot, p.Key, p.SelectMany(a => a.Events))).ToList();
        if (snapshot is not null && parts.All(p => p.Fresh.Count == 0))
        {
            return Landed(snapshot);
        }

        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("N");
        using var session = engine.OpenSmallSession();
        EventRows.Load(session, parts.SelectMany(p => p.Fresh.Select(e => (p.Partition.Id, e.File, e.Event))), why: null, cancellationToken);
        var rows = EventRows.Select(session, target.Source.Name, StreamCleaner.RunIdOf(target, id), now, cancellationToken);
        var files = await writer.WriteAsync(session, rows, table.Root, [], id, cancellationToken);
        var commit = new DeltaCommit
        {
            Operation = "STREAM",
            Mode = CommitMode.Append,
            Schema = DeltaSchema.FromDuckDb(session.Describe(rows)),
            Add = files,
            Domains = [.. parts.SelectMany(p => p.States), .. snapshot is null ? [FirstState(target, id)] : Array.Empty<DomainState>()],
            Description = $"What arrived for source {target.Source.Name}",
            ReadVersion = snapshot?.Version ?? -1,
            Metrics = new Dictionary<string, string> { ["numPartitions"] = string.Create(CultureInfo.InvariantCulture, $"{parts.Count(p => p.Fresh.Count > 0)}") },
        };
        return Landed((await table.CommitAsync(commit, cancellationToken)).Snapshot);

        Landing Landed(DeltaSnapshot bronze) => new()
        {
            Taken = parts.Sum(p => p.Fresh.Count),
            Repeats = parts.Sum(p => p.Repeats),
            Bronze = bronze,
        };
    }

    // What runs look at to know the table; it never changes, so that instances do not stand in each other's way.
    private static DomainState FirstState(StreamTarget target, string id) => new(
        $"pipeline.step.{target.Bronze}",
        Json.Write(new StepState { RunId = StreamCleaner.RunIdOf(target, id), Definition = target.Pipeline.Step(target.Bronze).Definition, Rows = new RowBooks { In = 0 } }));
}
