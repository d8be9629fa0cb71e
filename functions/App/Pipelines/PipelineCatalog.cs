using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Scheduling;

namespace Pipeline.App.Pipelines;

/// <summary>A pipeline in a list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is.</param>
/// <param name="Problems">What is wrong with its definition; empty: it can run.</param>
public sealed record PipelineSummary(string Name, string? Description, IReadOnlyList<DefinitionProblem> Problems);

/// <summary>A pipeline with its steps.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is.</param>
/// <param name="Definition">Hash of its definition.</param>
/// <param name="Steps">Its steps, in an order in which every step follows its inputs.</param>
/// <param name="Metrics">The names of its metrics.</param>
/// <param name="Schedule">When it is started by itself.</param>
public sealed record PipelineDescription(
    string Name, string? Description, string Definition, IReadOnlyList<StepDescription> Steps, IReadOnlyList<string> Metrics, ScheduleDescription? Schedule);

/// <summary>When a pipeline is started by itself.</summary>
/// <param name="Cron">The NCRONTAB expression.</param>
/// <param name="TimeZone">The time zone that it is in.</param>
/// <param name="Missed">What becomes of times at which no run could begin.</param>
/// <param name="NextUtc">The next due time.</param>
/// <param name="LastStartedUtc">When the schedule last started a run.</param>
/// <param name="LastRunId">The run that it started.</param>
public sealed record ScheduleDescription(string Cron, string TimeZone, MissedRuns Missed, DateTimeOffset? NextUtc, DateTimeOffset? LastStartedUtc, string? LastRunId);

/// <summary>A step of a pipeline.</summary>
/// <param name="Name">Its name: the table that it makes.</param>
/// <param name="Kind">What kind of work it is.</param>
/// <param name="Level">Steps of one level do not depend on each other.</param>
/// <param name="Inputs">The tables that it reads.</param>
public sealed record StepDescription(TableKey Name, StepKind Kind, int Level, IReadOnlyList<TableKey> Inputs);

/// <summary>Shows which pipelines there are.</summary>
public sealed class PipelineCatalog(DefinitionStore definitions, ScheduleStore schedules, TimeProvider clock)
{
    /// <summary>All pipelines; one that cannot work is there with its problems.</summary>
    public async Task<IReadOnlyList<PipelineSummary>> ListAsync(CancellationToken cancellationToken)
    {
        var found = new List<PipelineSummary>();
        foreach (var name in await definitions.ListAsync(cancellationToken))
        {
            found.Add(await SummariseAsync(name, cancellationToken));
        }

        return found;
    }

    /// <summary>A pipeline with its steps.</summary>
    /// <exception cref="UnknownPipelineException">There is none of that name.</exception>
    /// <exception cref="DefinitionException">It cannot work.</exception>
    public async Task<PipelineDescription> DescribeAsync(string name, CancellationToken cancellationToken)
    {
        var pipeline = await definitions.LoadAsync(name, cancellationToken);
        return new PipelineDescription(
            pipeline.Definition.Name,
            pipeline.Definition.Description,
            pipeline.Hash,
            [.. pipeline.Steps.Select(s => new StepDescription(s.Table, s.Kind, s.Level, s.Inputs))],
            [.. pipeline.Definition.Metrics.Select(m => m.Name)],
            pipeline.Definition.Schedule is { } schedule ? await DescribeAsync(name, schedule, cancellationToken) : null);
    }

    private async Task<ScheduleDescription> DescribeAsync(string pipeline, ScheduleDefinition schedule, CancellationToken cancellationToken)
    {
        var state = await schedules.FindAsync(pipeline, cancellationToken);
        return new ScheduleDescription(schedule.Cron, schedule.TimeZone, schedule.Missed, RunSchedule.Of(schedule).Next(clock.GetUtcNow()), state?.StartedUtc, state?.RunId);
    }

    private async Task<PipelineSummary> SummariseAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return new PipelineSummary(name, (await definitions.LoadAsync(name, cancellationToken)).Definition.Description, []);
        }
        catch (DefinitionException error)
        {
            return new PipelineSummary(name, null, error.Problems);
        }
        catch (UnknownPipelineException)
        {
            const string Reason = "the folder holds no pipeline: expected a file pipeline.yaml in it, and a name of lower-case letters, digits, '_' and '-'";
            return new PipelineSummary(name, null, [new DefinitionProblem("pipeline.yaml", 1, Reason)]);
        }
    }
}
