using System.Globalization;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Events;

/// <summary>Tells of anomalies among rows that became silver: of each commit and model one event, however often it is told, and without any value of a row. What was committed now is counted too.</summary>
internal sealed class AnomalyEvents(EventLog log, ScoreMetrics metrics)
{
    /// <summary>Tells of what models said of a commit's rows.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The table of silver.</param>
    /// <param name="batch">What they said; null: nothing.</param>
    /// <param name="runId">The run that it happened in; null: it was a stream's landing.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public async Task TellAsync(string pipeline, TableKey table, ScoredBatch? batch, string? runId, CancellationToken cancellationToken)
    {
        foreach (var scored in batch?.Models ?? [])
        {
            if (batch is { IsRepeat: false })
            {
                KeyValuePair<string, object?>[] tags = [new("source", $"{pipeline}.{table.Name}"), new("model", scored.Model)];
                metrics.Rows.Add(scored.Rows, tags);
                metrics.Anomalies.Add(scored.Anomalies, tags);
            }

            if (scored.Anomalies > 0)
            {
                await log.TryAppendAsync(EventOf(pipeline, table, batch?.CommittedBy ?? "", scored, runId), cancellationToken);
            }
        }
    }

    private static NewEvent EventOf(string pipeline, TableKey table, string committedBy, ScoredRows scored, string? runId) => new()
    {
        Type = "anomaly.found",
        Source = $"{pipeline}/{table}",
        RunId = runId,
        Subject = table.ToString(),
        Message = string.Create(CultureInfo.InvariantCulture, $"{table}: {scored.Anomalies} of {scored.Rows} new rows are anomalies, says model {scored.Model} version {scored.Version}."),
        Data = EventData.Of(("table", table.ToString()), ("model", scored.Model), ("version", scored.Version), ("rows", scored.Rows), ("anomalies", scored.Anomalies)),
        Key = $"{committedBy}/{table}/anomaly.found/{scored.Model}",
    };
}
