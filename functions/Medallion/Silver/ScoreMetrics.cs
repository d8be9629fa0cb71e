using System.Diagnostics.Metrics;

namespace Pipeline.Medallion.Silver;

/// <summary>What is counted of rows that models score, under the meter <c>Pipeline.Scoring</c>.</summary>
internal sealed class ScoreMetrics : IDisposable
{
    private readonly Meter meter = new("Pipeline.Scoring");

    public ScoreMetrics()
    {
        Rows = meter.CreateCounter<long>("pipeline.score.rows", "{row}", "Rows of silver that a model put into clusters");
        Anomalies = meter.CreateCounter<long>("pipeline.score.anomalies", "{row}", "Those of them that are anomalies");
    }

    public Counter<long> Rows { get; }

    public Counter<long> Anomalies { get; }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();
}
