using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Models;

internal sealed partial class ModelBuilder
{
    /// <summary>A model's rows as changes of its history.</summary>
    public static HistoryRequest HistoryOf(ModelDefinition model, string sql) => new()
    {
        Select = sql,
        Key = model.Key,
        SequenceColumn = model.History?.Sequence ?? "",
        DeleteColumn = model.History?.Delete,
    };

    // A history is never begun anew by a run, unless its table is none yet.
    private async Task<StepOutcome> MergeAsync(
        DuckDbSession session, Step step, ModelDefinition model, StepWork work, StepInputs inputs, string sql, DeltaSnapshot? now, string invocation, CancellationToken cancellationToken)
    {
        var (transaction, metrics) = (new TransactionId(work.TransactionId, work.Number), new Dictionary<string, string> { ["runId"] = work.RunId });
        var root = LakeTables.Root(work.Pipeline, work.Table);
        RowBooks Books(MergeCounts counts) => new() { In = inputs.Snapshots.Values.Sum(s => s.Rows), Inserted = counts.Inserted, Updated = counts.Updated, Duplicate = counts.Unchanged };
        DomainState StateOf(MergeCounts counts) => State(step, work, inputs, Books(counts));
        var merged = model.History is null
            ? await new DeltaMerge(tables.Lake, cache, clock, writer).RunAsync(
                session,
                root,
                new MergeRequest
                {
                    Select = sql,
                    Key = model.Key,
                    RequireKey = true,
                    DeleteMissing = model.Delete == ModelDelete.Missing,
                    Overwrite = work.Rebuild,
                    Widen = true,
                    CommitUnchanged = true,
                    Transaction = transaction,
                    Domain = StateOf,
                    Description = model.Description,
                    Metrics = metrics,
                },
                invocation,
                cancellationToken)
            : await new DeltaHistory(tables.Lake, cache, clock, writer).RunAsync(
                session,
                root,
                HistoryOf(model, sql) with
                {
                    Overwrite = now is not null && !DeltaHistory.IsHistory(now.Schema),
                    Widen = true,
                    CommitUnchanged = true,
                    Transaction = transaction,
                    Domain = StateOf,
                    Description = model.Description,
                    Metrics = metrics,
                },
                invocation,
                cancellationToken);
        var commit = merged.Commit ?? throw new InvalidOperationException($"The merge into {work.Table} was asked to commit its state and did not.");
        var rows = merged.Counts is { } counts ? Books(counts) : StepState.Of(commit.Snapshot, work.Table)?.Rows;
        return StepOutcome.Of(work.Table, StepStatus.Succeeded, rows, (work.Table, commit.Version));
    }
}
