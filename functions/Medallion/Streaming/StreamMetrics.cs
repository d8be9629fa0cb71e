using System.Diagnostics.Metrics;

namespace Pipeline.Medallion.Streaming;

/// <summary>What is counted of streams, under the meter <c>Pipeline.Streaming</c>.</summary>
internal sealed class StreamMetrics : IDisposable
{
    private readonly Meter meter = new("Pipeline.Streaming");

    public StreamMetrics()
    {
        Events = meter.CreateCounter<long>("pipeline.stream.events", "{event}", "Events committed to bronze");
        Repeats = meter.CreateCounter<long>("pipeline.stream.repeats", "{event}", "Events that were delivered again and left out");
        Missing = meter.CreateCounter<long>("pipeline.stream.missing", "{event}", "Numbers that were never delivered");
        Commits = meter.CreateHistogram<double>("pipeline.stream.commit.duration", "s", "Time from the last arrival of a commit's events to the commit of silver");
        Delay = meter.CreateHistogram<double>("pipeline.stream.delay", "s", "Age of a commit's oldest event, since the hub took it");
    }

    public Counter<long> Events { get; }

    public Counter<long> Repeats { get; }

    public Counter<long> Missing { get; }

    public Histogram<double> Commits { get; }

    public Histogram<double> Delay { get; }

    public static KeyValuePair<string, object?> Source(StreamTarget target) => new("source", target.Name);

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
