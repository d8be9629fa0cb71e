using System.Globalization;
using System.Runtime.ExceptionServices;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Models;

/// <summary>Builds a table by its SELECT over the tables that it reads, at the versions that the run is pinned to.</summary>
internal sealed partial class ModelBuilder(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer, FileCache cache, TimeProvider clock)
{
    /// <summary>Builds a model.</summary>
    /// <param name="step">The step.</param>
    /// <param name="model">Its SQL and key.</param>
    /// <param name="work">The run's step, with the versions to read.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TerminalException">The SQL fails, gives a type that a table cannot hold, has more than one row of a key, or needs more memory and scratch disk than there is.</exception>
    public async Task<StepOutcome> BuildAsync(Step step, ModelDefinition model, StepWork work, string invocation, CancellationToken cancellationToken)
    {
        var inputs = await StepInputs.ReadAsync(tables, work, step.Inputs, cancellationToken);
        var table = tables.Open(work.Pipeline, work.Table);
        var now = await table.ReadAsync(null, cancellationToken);
        if (await inputs.IsDoneAsync(tables, now, work, step.Definition, cancellationToken) is { } status && now is not null)
        {
            return StepOutcome.Of(work.Table, status, StepState.Of(now, work.Table)?.Rows, (work.Table, now.Version));
        }

        using var session = engine.OpenSession();
        RunTime.Define(session, work.TimeUtc);
        try
        {
            var read = inputs.Snapshots.Select(s => new TableInput(s.Key.Layer, s.Key.Name, s.Value, LakeTables.Root(work.Pipeline, s.Key)) { Rows = RowsOf(model, s.Value) }).ToList();
            var planned = await reader.PlanAsync(session, read, model.Sql, cancellationToken);
            engine.RequireRoom(work.Table.ToString(), planned);
            using var views = await reader.CreateViewsAsync(session, planned, cancellationToken);
            return await BuildAsync(session, step, model, work, inputs, now, views, invocation, cancellationToken);
        }
        catch (DuckDbException error) when (engine.Exhausted(work.Table, error) is { } exhausted)
        {
            throw exhausted;
        }
    }

    // Every row of silver is at least of that tier.
    private static RowFilter? RowsOf(ModelDefinition model, DeltaSnapshot input) =>
        model.Requires == Tier.Gold && input.Schema.Find(CleanSql.TierColumn) is not null ? new RowFilter(CleanSql.TierColumn, "gold") : null;

    private async Task<StepOutcome> BuildAsync(
        DuckDbSession session, Step step, ModelDefinition model, StepWork work, StepInputs inputs, DeltaSnapshot? now, TableViews views, string invocation, CancellationToken cancellationToken)
    {
        try
        {
            var sql = ModelSql.Normalise(session, model.Sql);
            return model is { Incremental: false, History: null }
                ? await ReplaceAsync(session, step, model, work, inputs, sql, now, invocation, cancellationToken)
                : await MergeAsync(session, step, model, work, inputs, sql, now, invocation, cancellationToken);
        }
        catch (DuckDbException) when (views.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
            throw;
        }
    }

    private async Task<StepOutcome> ReplaceAsync(
        DuckDbSession session, Step step, ModelDefinition model, StepWork work, StepInputs inputs, string sql, DeltaSnapshot? now, string invocation, CancellationToken cancellationToken)
    {
        var table = tables.Open(work.Pipeline, work.Table);
        var added = await writer.WriteAsync(session, sql, table.Root, [], invocation, cancellationToken);
        RequireKey(session, model, sql, cancellationToken);
        var rows = new RowBooks { In = inputs.Snapshots.Values.Sum(s => s.Rows), Inserted = added.Sum(a => a.Statistics?.Rows ?? 0) };
        var committed = await table.CommitAsync(
            new DeltaCommit
            {
                Operation = "BUILD",
                Mode = CommitMode.Overwrite,
                Schema = DeltaSchema.FromDuckDb(session.Describe(sql)),
                Add = added,
                Transaction = new TransactionId(work.TransactionId, work.Number),
                Domains = [State(step, work, inputs, rows)],
                Description = model.Description,
                ReadVersion = now?.Version ?? -1,
                Metrics = new Dictionary<string, string> { ["runId"] = work.RunId },
            },
            cancellationToken);
        return StepOutcome.Of(work.Table, StepStatus.Succeeded, rows, (work.Table, committed.Version));
    }

    private static DomainState State(Step step, StepWork work, StepInputs inputs, RowBooks rows) =>
        new(work.StateDomain, Json.Write(new StepState { RunId = work.RunId, Definition = step.Definition, Inputs = inputs.Identities, Rows = rows }));

    private static void RequireKey(DuckDbSession session, ModelDefinition model, string sql, CancellationToken cancellationToken)
    {
        if (model.Key.Count == 0)
        {
            return;
        }

        var key = string.Join(", ", model.Key.Select(Sql.Identifier));
        var twice = session.Query($"select {key}, count(*) as n from ({sql}) group by all having n > 1 order by n desc limit 1", cancellationToken).Rows().SingleOrDefault();
        if (twice is not null)
        {
            var values = string.Join(", ", model.Key.Zip(twice, (name, value) => string.Create(CultureInfo.InvariantCulture, $"{name} = {value}")));
            throw new TerminalException($"{model.Table} has {twice[^1]} rows with {values}, but its key ({string.Join(", ", model.Key)}) allows one. Correct {model.Line.File} or the key in pipeline.yaml. Nothing was committed.");
        }
    }
}
