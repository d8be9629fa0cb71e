using System.Collections.Concurrent;
using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Streaming;

/// <summary>How far silver has come after bronze.</summary>
internal enum CatchUp
{
    /// <summary>Silver and rejected have all that was asked for.</summary>
    Done,

    /// <summary>A run of the pipeline is at that table; it is done when the run is over.</summary>
    Postponed,

    /// <summary>The batch is below its floor: it stays in bronze and is judged again with what comes next.</summary>
    Held,

    /// <summary>It is too much for one function: a run of the pipeline does it in parts.</summary>
    NeedsRun,
}

/// <summary>Brings a stream's silver and rejected up to its bronze, by the same rules as a run. What it has read is in its commits, so a repeat does nothing twice.</summary>
internal sealed class StreamCleaner(LakeTables tables, SourceCleaner cleaner, RunStore runs, StepStore steps, AnomalyEvents anomalies, TimeProvider clock)
{
    // A run that nobody goes on with must not hold up a stream for ever.
    private static readonly TimeSpan LongestRun = TimeSpan.FromHours(2);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> turns = new();

    /// <summary>What rows of a stream say instead of a run's id.</summary>
    public static string RunIdOf(StreamTarget target, string id) => $"{target.Pipeline.Definition.Name}.stream.{id}";

    /// <summary>Brings silver up to a version of bronze, or beyond.</summary>
    /// <param name="target">The source.</param>
    /// <param name="bronze">What silver has to have at least.</param>
    /// <param name="cancellationToken">Ends the work; what was committed stays.</param>
    /// <exception cref="TransientException">Somebody else wrote the tables meanwhile, or the storage did not answer.</exception>
    /// <exception cref="TerminalException">The batch fails its source, or the definition does not fit the tables.</exception>
    public async Task<CatchUp> CatchUpAsync(StreamTarget target, DeltaSnapshot bronze, CancellationToken cancellationToken)
    {
        var turn = turns.GetOrAdd(target.Name, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken);
        try
        {
            return await CatchUpInTurnAsync(target, bronze, cancellationToken);
        }
        catch (StaleRunException error)
        {
            throw new TransientException($"Somebody else cleaned {target.Name} with a clock ahead of this one: {error.Message}", error);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<CatchUp> CatchUpInTurnAsync(StreamTarget target, DeltaSnapshot bronze, CancellationToken cancellationToken)
    {
        var pipeline = target.Pipeline.Definition.Name;
        var silver = await tables.Open(pipeline, target.Silver).ReadAsync((long?)null, cancellationToken);
        if (Covers(silver, target, bronze))
        {
            // Whoever committed it may have ended before it told.
            await anomalies.TellAsync(pipeline, target.Silver, ScoredBatch.Of(StepState.Of(silver, target.Silver), isRepeat: true), runId: null, cancellationToken);
            return CatchUp.Done;
        }

        if (await IsRunAtItAsync(pipeline, target.Silver, cancellationToken))
        {
            return CatchUp.Postponed;
        }

        var now = clock.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString("N");
        var work = new StepWork
        {
            RunId = RunIdOf(target, id),
            Pipeline = pipeline,
            Definition = target.Pipeline.Hash,
            PlanId = id,
            Number = Math.Max(now.ToUnixTimeMilliseconds(), (silver?.Transactions.GetValueOrDefault(StepWork.TransactionOf(target.Silver), -1) ?? -1) + 1),
            TimeUtc = now,
            Table = target.Silver,
            Inputs = await InputsAsync(target, bronze, cancellationToken),
            IsStream = true,
        };
        var outcome = await cleaner.CleanAsync(target.Source, work, target.Pipeline.Step(target.Silver).Definition, id, cancellationToken);
        await anomalies.TellAsync(pipeline, target.Silver, outcome.Scored, runId: null, cancellationToken);
        return outcome.Result switch
        {
            { Split: not null } => CatchUp.NeedsRun,
            { Status: StepStatus.Held } => CatchUp.Held,
            _ => CatchUp.Done,
        };
    }

    private static bool Covers(DeltaSnapshot? silver, StreamTarget target, DeltaSnapshot bronze) =>
        StepState.Of(silver, target.Silver)?.Inputs.GetValueOrDefault(target.Bronze.ToString()) is { } text
        && TableVersion.Parse(text) is var read && read.TableId == bronze.TableId && read.Version >= bronze.Version;

    // As new as they are: another instance may have landed more, and what is looked up may have changed.
    private async Task<IReadOnlyDictionary<TableKey, long>> InputsAsync(StreamTarget target, DeltaSnapshot bronze, CancellationToken cancellationToken)
    {
        var inputs = new Dictionary<TableKey, long>();
        foreach (var input in target.Pipeline.Step(target.Silver).Inputs)
        {
            if (await tables.Open(target.Pipeline.Definition.Name, input).ReadAsync((long?)null, cancellationToken) is { } snapshot)
            {
                inputs[input] = snapshot.Version;
            }
        }

        return inputs.TryGetValue(target.Bronze, out var version) && version >= bronze.Version
            ? inputs
            : throw new TransientException($"{target.Bronze} of {target.Pipeline.Definition.Name} was at version {bronze.Version} and is at {(inputs.Count == 0 ? "none" : version.ToString(CultureInfo.InvariantCulture))}: somebody deleted or restored it.");
    }

    // From its plan on a run rests on what silver was then; the stream waits until it is through with the table.
    private async Task<bool> IsRunAtItAsync(string pipeline, TableKey silver, CancellationToken cancellationToken) =>
        await runs.CurrentAsync(pipeline, cancellationToken) is { } current
        && clock.GetUtcNow() - current.ClaimedUtc < LongestRun
        && await runs.FindAsync(current.RunId, cancellationToken) is { Status: RunStatus.Running }
        && await steps.ListAsync(current.RunId, cancellationToken) is var planned
        && (planned.Count == 0 || planned.FirstOrDefault(s => s.Table == silver) is { Status: StepStatus.Pending or StepStatus.Running });
}
