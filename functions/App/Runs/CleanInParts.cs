using Microsoft.DurableTask;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Runs;

/// <summary>The orchestration of a clean step that is too large for one activity: parts of bronze, parts of silver that they meet, buckets of keys, one commit.</summary>
internal static class CleanInParts
{
    private const int MaxCuts = 3;

    /// <summary>Does the step as it was cut; if its tables were changed meanwhile, it is cut anew.</summary>
    public static async Task<StepResult> RunAsync(TaskOrchestrationContext context, StepWork work, SplitStep split)
    {
        for (var cut = 1; ; cut++)
        {
            try
            {
                return await RunOnceAsync(context, work with { Split = split });
            }
            catch (TaskFailedException failure) when (cut < MaxCuts && failure.FailureDetails.IsCausedBy<TransientException>())
            {
                var again = await context.CallActivityAsync<StepResult>(nameof(RunActivities.CleanSource), work, Retries.OfTransientFailures);
                if (again.Split is null)
                {
                    return again;
                }

                split = again.Split;
            }
        }
    }

    private static async Task<StepResult> RunOnceAsync(TaskOrchestrationContext context, StepWork work)
    {
        var split = work.Split ?? throw new ArgumentException("The step was not cut.", nameof(work));
        var bronze = await CallAsync(context, nameof(RunActivities.CleanPart), work, 0, split.Parts);
        var silver = await CallAsync(context, nameof(RunActivities.CleanPart), work with { Landed = bronze }, split.Parts, split.Present);
        work = work with { Landed = [.. bronze, .. silver] };
        var buckets = await CallAsync(context, nameof(RunActivities.CleanBucket), work, 0, split.Buckets);
        return await context.CallActivityAsync<StepResult>(nameof(RunActivities.CommitCleaned), work with { Buckets = buckets }, Retries.OfTransientFailures);
    }

    // All end before the first failure is told: none is still at work when the step is cut anew.
    private static async Task<IReadOnlyList<LandedPart>> CallAsync(TaskOrchestrationContext context, string activity, StepWork work, int first, int count)
    {
        var done = new List<LandedPart>();
        var failures = new SortedDictionary<int, TaskFailedException>();
        await FanOut.RunAsync(Enumerable.Range(first, count), async part =>
        {
            try
            {
                done.Add(await context.CallActivityAsync<LandedPart>(activity, work with { Part = part }, Retries.OfTransientFailures));
            }
            catch (TaskFailedException failure)
            {
                failures.Add(part, failure);
            }
        });
        return failures.Count == 0 ? [.. done.OrderBy(p => p.Part)] : throw failures.First().Value;
    }
}
