using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Runs;

/// <summary>Starts, shows and stops runs: their records, and the orchestrations that do them.</summary>
public sealed class RunControl(DefinitionStore definitions, RunStore runs, StepStore steps, RunEventWriter events, ILogger<RunControl> logger)
{
    private static readonly Dictionary<string, decimal?> NoMetrics = [];

    /// <summary>Starts a run, unless one of the pipeline is going on.</summary>
    /// <exception cref="UnknownPipelineException">There is no such pipeline.</exception>
    /// <exception cref="DefinitionException">It cannot work.</exception>
    /// <exception cref="UnknownStepException">It has no such step.</exception>
    public async Task<RunClaim> StartAsync(DurableTaskClient client, RunRequest wanted, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var pipeline = wanted.Pipeline;
        StepChoice.Of(await definitions.LoadAsync(pipeline, cancellationToken), wanted);
        var claim = await runs.ClaimAsync(wanted, (runId, token) => IsGoingOnAsync(client, runId, token), cancellationToken);
        if (claim.Unscheduled is { } run)
        {
            await ScheduleAsync(client, run, cancellationToken);
        }

        if (claim.Granted)
        {
            logger.Accepted(claim.RunId, pipeline);
        }
        else
        {
            logger.Refused(pipeline, claim.RunId);
        }

        return claim;
    }

    /// <summary>Runs without their steps, newest first.</summary>
    public async Task<IReadOnlyList<RunRecord>> ListAsync(DurableTaskClient client, string? pipeline, int limit, CancellationToken cancellationToken)
    {
        var found = await runs.ListAsync(pipeline, limit, cancellationToken);
        return await Task.WhenAll(found.Select(run => SettleAsync(client, run, cancellationToken)));
    }

    /// <summary>A run with its steps.</summary>
    /// <exception cref="UnknownRunException">There is no such run.</exception>
    public async Task<RunRecord> FindAsync(DurableTaskClient client, string id, CancellationToken cancellationToken)
    {
        var run = await SettleAsync(client, await FindAsync(id, cancellationToken), cancellationToken);
        var planned = await steps.ListAsync(id, cancellationToken);

        // A run that was stopped begins no further step, whatever its plan noted.
        return run with { Steps = run.Status == RunStatus.Running ? planned : [.. planned.Select(s => s.Status == StepStatus.Pending ? s with { Status = StepStatus.Skipped } : s)] };
    }

    /// <summary>Stops a run. What its steps committed stays; a step at work ends without effect on later runs.</summary>
    /// <exception cref="UnknownRunException">There is no such run.</exception>
    public async Task<RunRecord> TerminateAsync(DurableTaskClient client, string id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is { Status: RunStatus.Running } run)
        {
            const string Reason = "terminated by request";
            await client.TerminateInstanceAsync(id, Reason, cancellationToken);
            await EndAsync(run, RunStatus.Terminated, Reason, cancellationToken);
            logger.Terminated(id);
        }

        return await FindAsync(client, id, cancellationToken);
    }

    /// <summary>The run of a pipeline that is going on; null: there is none.</summary>
    public Task<string?> GoingOnAsync(DurableTaskClient client, string pipeline, CancellationToken cancellationToken) =>
        runs.GoingOnAsync(pipeline, (runId, token) => IsGoingOnAsync(client, runId, token), cancellationToken);

    // A run whose record says how it ended has done all its work, though its orchestration may need a moment to end. One that was stopped may still be at work.
    private async Task<bool?> IsGoingOnAsync(DurableTaskClient client, string runId, CancellationToken cancellationToken) =>
        await client.GetInstanceAsync(runId, cancellationToken) is { } instance
            ? !instance.IsCompleted && await runs.FindAsync(runId, cancellationToken) is not { Status: RunStatus.Succeeded or RunStatus.Failed }
            : null;

    private async Task<RunRecord> FindAsync(string id, CancellationToken cancellationToken) => await runs.FindAsync(id, cancellationToken) ?? throw new UnknownRunException(id);

    // A run may be scheduled by two requests at once, and an answer may be lost: whatever state its orchestration is in by then, it is not started anew.
    private async Task ScheduleAsync(DurableTaskClient client, RunRequest run, CancellationToken cancellationToken)
    {
        var once = new StartOrchestrationOptions(run.RunId).WithDedupeStatuses([.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses]);
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(nameof(RunPipeline), run, once, cancellationToken);
        }
        catch (Exception error)
        {
            if (await client.GetInstanceAsync(run.RunId, CancellationToken.None) is not null)
            {
                return;
            }

            logger.NotScheduled(run.RunId, run.Pipeline, error);
            await runs.ReleaseAsync(run.RunId, CancellationToken.None);
            throw;
        }
    }

    /// <summary>An orchestration that ended without a record of it was stopped from outside, could not even record its failure, or never began.</summary>
    private async Task<RunRecord> SettleAsync(DurableTaskClient client, RunRecord run, CancellationToken cancellationToken)
    {
        if (run.Status != RunStatus.Running)
        {
            return run;
        }

        var (status, error) = await client.GetInstanceAsync(run.Id, cancellationToken) switch
        {
            { RuntimeStatus: OrchestrationRuntimeStatus.Terminated } => (RunStatus.Terminated, "terminated"),
            { RuntimeStatus: OrchestrationRuntimeStatus.Completed } => (RunStatus.Succeeded, null),
            { IsCompleted: true } failed => (RunStatus.Failed, failed.FailureDetails?.ErrorMessage ?? "the orchestration failed"),
            null when run.Seconds > RunStore.GraceOfUnscheduled.TotalSeconds => (RunStatus.Failed, "the run was never scheduled: the app ended right after it was asked for. Start a new run."),
            _ => (RunStatus.Running, null),
        };
        if (status == RunStatus.Running)
        {
            return run;
        }

        await EndAsync(run, status, error, cancellationToken);
        return await FindAsync(run.Id, cancellationToken);
    }
    private async Task EndAsync(RunRecord run, RunStatus status, string? error, CancellationToken cancellationToken)
    {
        await events.EndAsync(run.Id, run.Pipeline, status, error, cancellationToken);
        await runs.EndAsync(run.Id, status, error, NoMetrics, cancellationToken);
    }
}
