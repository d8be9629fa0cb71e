using System.Globalization;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Streaming;

/// <summary>A source that takes events, as its tables have it.</summary>
public sealed record StreamSummary
{
    /// <summary>The pipeline.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The source.</summary>
    public required string Source { get; init; }

    /// <summary>The hub; null: the app is bound to none.</summary>
    public string? Hub { get; init; }

    /// <summary>How long events wait for a common commit, in seconds.</summary>
    public required double LandSeconds { get; init; }

    /// <summary>Events in bronze.</summary>
    public required long Events { get; init; }

    /// <summary>The version of bronze; null: there is none yet.</summary>
    public long? Version { get; init; }

    /// <summary>How many versions of bronze silver has not read yet.</summary>
    public required long VersionsBehind { get; init; }

    /// <summary>How old the newest event was when it was committed, in seconds; null: there is none.</summary>
    public double? DelaySeconds { get; init; }

    /// <summary>The partitions, by id.</summary>
    public required IReadOnlyList<PartitionSummary> Partitions { get; init; }
}

/// <summary>How far a partition is in bronze.</summary>
/// <param name="Partition">Its id.</param>
/// <param name="Sequence">The number of its last event.</param>
/// <param name="EnqueuedUtc">When the hub took that event.</param>
/// <param name="Incarnation">How often its numbers began again.</param>
public sealed record PartitionSummary(string Partition, long Sequence, DateTimeOffset EnqueuedUtc, int Incarnation);

/// <summary>Shows how far streams are.</summary>
public sealed class StreamStatus
{
    private readonly StreamRoutes routes;
    private readonly StreamOptions options;
    private readonly LakeTables tables;

    internal StreamStatus(StreamRoutes routes, StreamOptions options, LakeTables tables) => (this.routes, this.options, this.tables) = (routes, options, tables);

    /// <summary>All sources that take events.</summary>
    public async Task<IReadOnlyList<StreamSummary>> ListAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll((await routes.AllAsync(cancellationToken)).Select(target => ReadAsync(target, cancellationToken)));

    private async Task<StreamSummary> ReadAsync(StreamTarget target, CancellationToken cancellationToken)
    {
        var pipeline = target.Pipeline.Definition.Name;
        var bronze = await tables.Open(pipeline, target.Bronze).ReadAsync((long?)null, cancellationToken);
        var silver = await tables.Open(pipeline, target.Silver).ReadAsync((long?)null, cancellationToken);
        var read = StepState.Of(silver, target.Silver)?.Inputs.GetValueOrDefault(target.Bronze.ToString()) is { } text ? TableVersion.Parse(text).Version : -1;
        var hub = target.Source.Stream?.Hub ?? options.Hub;
        var partitions = bronze is null ? [] : StreamPosition.AllOf(bronze, hub ?? "")
            .Select(p => new PartitionSummary(p.Partition.Id, p.Position.Sequence, p.Position.EnqueuedUtc, p.Position.Incarnation))
            .OrderBy(p => int.TryParse(p.Partition, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue).ThenBy(p => p.Partition, StringComparer.Ordinal).ToList();
        return new StreamSummary
        {
            Pipeline = pipeline,
            Source = target.Source.Name,
            Hub = hub,
            LandSeconds = target.Source.Stream?.Land.TotalSeconds ?? 0,
            Events = bronze?.Rows ?? 0,
            Version = bronze?.Version,
            VersionsBehind = Math.Max(0, (bronze?.Version ?? -1) - read),
            DelaySeconds = partitions.Count == 0 || bronze is null ? null : Math.Round((bronze.CommittedUtc - partitions.Max(p => p.EnqueuedUtc)).TotalSeconds, 3),
            Partitions = partitions,
        };
    }
}
