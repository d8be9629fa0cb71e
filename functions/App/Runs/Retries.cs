using Microsoft.DurableTask;
using Pipeline.Lakehouse;

namespace Pipeline.App.Runs;

/// <summary>The one place that decides what is tried again: failures of storage and network, never of data or definitions.</summary>
internal static class Retries
{
    public static TaskOptions OfTransientFailures => TaskOptions.FromRetryPolicy(new RetryPolicy(
        maxNumberOfAttempts: 6,
        firstRetryInterval: TimeSpan.FromSeconds(1),
        backoffCoefficient: 2,
        maxRetryInterval: TimeSpan.FromMinutes(1))
    {
        HandleFailure = failure => failure.IsCausedBy<TransientException>(),
    });
}
