using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Learning;

/// <summary>Makes the tables that models say: each is one commit, with the version of the model beside the rows.</summary>
internal sealed class LearnedTables(LakeTables tables, Engine engine, DataFileWriter writer, EventLog events, IEnumerable<ILearner> learners)
{
    private const string ModelDomain = "pipeline.model";

    /// <summary>Does a step.</summary>
    /// <exception cref="TerminalException">There is nothing to learn from, or it cannot be learnt as it is declared.</exception>
    public async Task<StepOutcome> LearnAsync(CompiledPipeline pipeline, Step step, StepWork work, string invocation, CancellationToken cancellationToken)
    {
        var inputs = await StepInputs.ReadAsync(tables, work, step.Inputs, cancellationToken);
        var table = tables.Open(work.Pipeline, work.Table);
        var now = await table.ReadAsync(null, cancellationToken);
        if (await inputs.IsDoneAsync(tables, now, work, step.Definition, cancellationToken) is { } status && now is not null)
        {
            return StepOutcome.Of(work.Table, status, StepState.Of(now, work.Table)?.Rows, (work.Table, now.Version));
        }

        using var session = engine.OpenSession();
        try
        {
            var learner = learners.First(l => l.Makes(pipeline.Definition, step.Table));
            var learned = await learner.LearnAsync(
                new LearnWork
                {
                    Pipeline = pipeline.Definition,
                    Step = step,
                    Versions = inputs.Snapshots.ToDictionary(i => i.Key, i => i.Value.Version),
                    Models = inputs.Snapshots.Where(i => i.Value.Domains.ContainsKey(ModelDomain)).ToDictionary(i => i.Key, i => Json.Read<long>(i.Value.Domains[ModelDomain])),
                    Anew = work.Rebuild,
                    RunId = work.RunId,
                    TimeUtc = work.TimeUtc,
                },
                session,
                cancellationToken);
            var added = await writer.WriteAsync(session, learned.Select, table.Root, [], invocation, cancellationToken);
            var rows = new RowBooks { In = inputs.Snapshots.Values.Sum(s => s.Rows), Inserted = added.Sum(a => a.Statistics?.Rows ?? 0) };
            var state = new StepState { RunId = work.RunId, Definition = step.Definition, Inputs = inputs.Identities, Rows = rows };
            var committed = await table.CommitAsync(
                new DeltaCommit
                {
                    Operation = "LEARN",
                    Mode = CommitMode.Overwrite,
                    Schema = DeltaSchema.FromDuckDb(session.Describe(learned.Select)),
                    Add = added,
                    Transaction = new TransactionId(work.TransactionId, work.Number),
                    Domains = [new DomainState(work.StateDomain, Json.Write(state)), .. learned.Model is { } model ? [new DomainState(ModelDomain, Json.Write(model))] : Array.Empty<DomainState>()],
                    Description = pipeline.DescriptionOf(work.Table),
                    ReadVersion = now?.Version ?? -1,
                    Metrics = new Dictionary<string, string> { ["runId"] = work.RunId },
                },
                cancellationToken);
            if (learned.Notice is { } notice)
            {
                await events.TryAppendAsync(notice with { RunId = work.RunId }, cancellationToken);
            }

            return StepOutcome.Of(work.Table, StepStatus.Succeeded, rows, (work.Table, committed.Version));
        }
        catch (DuckDbException error) when (engine.Exhausted(work.Table, error) is { } exhausted)
        {
            throw exhausted;
        }
    }
}

/// <summary>A kind of model that makes tables.</summary>
internal interface ILearner
{
    /// <summary>Whether it makes a table.</summary>
    bool Makes(PipelineDefinition pipeline, TableKey table);

    /// <summary>Trains or applies the model, and puts what it says into the session.</summary>
    Task<Learned> LearnAsync(LearnWork work, DuckDbSession session, CancellationToken cancellationToken);
}

/// <summary>What a learner is given to do.</summary>
internal sealed record LearnWork
{
    public required PipelineDefinition Pipeline { get; init; }

    public required Step Step { get; init; }

    /// <summary>The versions to read, by table.</summary>
    public required IReadOnlyDictionary<TableKey, long> Versions { get; init; }

    /// <summary>The version of the model that made a table, of those that a model made.</summary>
    public required IReadOnlyDictionary<TableKey, long> Models { get; init; }

    /// <summary>Train it, even if the model there is could be applied.</summary>
    public required bool Anew { get; init; }

    public required string RunId { get; init; }

    public required DateTimeOffset TimeUtc { get; init; }

    /// <summary>Whether the newest model is applied instead of training another: what this run has trained already counts, whatever its age; a full refresh trains anew.</summary>
    public bool Keeps(TrainedModel? newest, RetrainRule retrain) =>
        newest is not null && newest.Definition == Step.Definition && (newest.RunId == RunId || (!Anew && (retrain.Age is not { } age || TimeUtc - newest.Card.TrainedUtc < age)));
}

/// <summary>What a model says of rows.</summary>
/// <param name="Select">A SELECT of the table's rows, in the session that was given.</param>
/// <param name="Model">The version of the model; null: none was trained.</param>
internal sealed record Learned(string Select, long? Model)
{
    /// <summary>What people are told once the table is there; its key keeps it from being told again.</summary>
    public NewEvent? Notice { get; init; }
}
