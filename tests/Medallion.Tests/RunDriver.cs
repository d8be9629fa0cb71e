using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests;

/// <summary>How a run ended, with its plan and steps as they were recorded.</summary>
internal sealed record RunReport(RunPlan Plan, RunRecord Run, IReadOnlyList<StepRecord> Steps)
{
    public StepRecord this[string step] => Steps.Single(s => s.Name == step);

    public IEnumerable<string> Built => Steps.Where(s => s.Status == StepStatus.Succeeded).Select(s => s.Name);
}

/// <summary>Drives a run through its activities in process, in the order of the orchestration; everything passes through JSON as it does there.</summary>
internal sealed class RunDriver(IServiceProvider floor)
{
    private readonly PipelineSteps steps = floor.GetRequiredService<PipelineSteps>();
    private int invocations;

    /// <summary>Called between plan and steps.</summary>
    public Func<RunPlan, Task> Planned { get; init; } = _ => Task.CompletedTask;

    /// <summary>Called after a part of a source was landed.</summary>
    public Func<int, Task> Landed { get; init; } = _ => Task.CompletedTask;

    /// <summary>How often every activity is done: twice is a repeat after a lost answer.</summary>
    public int Attempts { get; init; } = 1;

    public async Task<RunReport> RunAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var plan = await RepeatAsync(id => steps.PlanAsync(Copy(request), id, cancellationToken));
        await Planned(plan);
        var versions = new Dictionary<TableKey, long>(plan.Versions);
        var failed = new Dictionary<TableKey, string>();
        var (skipped, held) = (new List<TableKey>(), new HashSet<TableKey>());
        foreach (var step in plan.Steps.OrderBy(s => s.Level).Where(s => !s.Unchanged))
        {
            if (step.Inputs.Any(i => failed.ContainsKey(Step.MakerOf(i)) || skipped.Contains(Step.MakerOf(i)) || held.Contains(Step.MakerOf(i))))
            {
                skipped.Add(step.Table);
                continue;
            }

            try
            {
                var result = await StepAsync(plan, step, versions, cancellationToken);
                foreach (var (table, version) in result.Versions)
                {
                    versions[table] = version;
                }

                if (result is { Status: StepStatus.Held, Versions.Count: 0 })
                {
                    held.Add(step.Table);
                }
            }
            catch (LakehouseException error)
            {
                failed[step.Table] = error.Message;
            }
        }

        var reason = failed.Count == 0 ? null : string.Join("; ", failed.Select(f => $"{f.Key}: {f.Value}"));
        await steps.EndAsync(Copy(new RunEnd { RunId = plan.RunId, Pipeline = plan.Pipeline, Definition = plan.Definition, Error = reason, Skipped = skipped }), cancellationToken);
        var run = await floor.GetRequiredService<RunStore>().FindAsync(plan.RunId, cancellationToken);
        return new RunReport(plan, Assert.IsType<RunRecord>(run), await floor.GetRequiredService<StepStore>().ListAsync(plan.RunId, cancellationToken));
    }

    /// <summary>Does one step of a plan.</summary>
    public async Task<StepResult> StepAsync(RunPlan plan, PlannedStep step, IReadOnlyDictionary<TableKey, long> versions, CancellationToken cancellationToken)
    {
        step = step.Unscanned ? await RepeatAsync(id => steps.ScanSourceAsync(Copy(plan.WorkOf(step, versions)), id, cancellationToken)) : step;
        var work = Copy(plan.WorkOf(step, versions));
        var landed = new List<LandedPart>();
        for (var part = 0; part < step.Parts; part++)
        {
            landed.Add(await RepeatAsync(id => steps.LandFilesAsync(work with { Part = part }, id, cancellationToken)));
            await Landed(part);
        }

        var result = await RepeatAsync(id => step.Kind switch
        {
            StepKind.Ingest => steps.CommitSourceAsync(work with { Landed = landed }, id, cancellationToken),
            StepKind.Clean => steps.CleanSourceAsync(work, id, cancellationToken),
            StepKind.Learn => steps.LearnTableAsync(work, id, cancellationToken),
            StepKind.Serve => steps.ServeTableAsync(work, id, cancellationToken),
            _ => steps.BuildModelAsync(work, id, cancellationToken),
        });
        return result.Split is { } split ? await CleanInPartsAsync(work with { Split = split }, split, cancellationToken) : result;
    }

    private async Task<StepResult> CleanInPartsAsync(StepWork work, SplitStep split, CancellationToken cancellationToken)
    {
        var parts = new List<LandedPart>();
        for (var part = 0; part < split.Parts + split.Present; part++)
        {
            parts.Add(await RepeatAsync(id => steps.CleanPartAsync(Copy(work with { Part = part, Landed = [.. parts.Take(part < split.Parts ? 0 : split.Parts)] }), id, cancellationToken)));
        }

        var buckets = new List<LandedPart>();
        for (var bucket = 0; bucket < split.Buckets; bucket++)
        {
            buckets.Add(await RepeatAsync(id => steps.CleanBucketAsync(Copy(work with { Part = bucket, Landed = parts }), id, cancellationToken)));
        }

        return await RepeatAsync(id => steps.CommitCleanedAsync(Copy(work with { Landed = parts, Buckets = buckets }), id, cancellationToken));
    }

    private static T Copy<T>(T value) => Json.Read<T>(Json.Write(value));

    private async Task<T> RepeatAsync<T>(Func<string, Task<T>> activity)
    {
        var result = await activity(Invocation());
        for (var attempt = 1; attempt < Attempts; attempt++)
        {
            result = await activity(Invocation());
        }

        return Copy(result);

        string Invocation() => string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}{++invocations}");
    }
}
