using System.ComponentModel;

namespace Microsoft.DurableTask;

/// <summary>Retries with exponential back-off.</summary>
public class RetryPolicy
{
    /// <summary>A policy; the number of attempts counts the first one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    public RetryPolicy(
        int maxNumberOfAttempts,
        TimeSpan firstRetryInterval,
        double backoffCoefficient = 1.0,
        TimeSpan? maxRetryInterval = null,
        TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(backoffCoefficient, 1.0);
        AtLeast(maxRetryInterval, firstRetryInterval, nameof(maxRetryInterval));
        AtLeast(retryTimeout, firstRetryInterval, nameof(retryTimeout));
        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
    }

    /// <summary>The most attempts, the first included.</summary>
    public int MaxNumberOfAttempts { get; }

    /// <summary>Time before the first retry.</summary>
    public TimeSpan FirstRetryInterval { get; }

    /// <summary>Factor from one interval to the next.</summary>
    public double BackoffCoefficient { get; }

    /// <summary>The longest interval, an hour by default.</summary>
    public TimeSpan MaxRetryInterval { get; }

    /// <summary>No retry begins later than this after the first attempt; infinite by default.</summary>
    public TimeSpan RetryTimeout { get; }

    /// <summary>Whether a failure is retried.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public Func<Exception, bool> Handle { get; private init; } = static _ => true;

    /// <summary>Whether a failure is retried; all are by default.</summary>
    public Func<TaskFailureDetails, bool> HandleFailure
    {
        init => Handle = failure => failure is TaskFailedException task
            ? value(task.FailureDetails)
            : throw new InvalidOperationException($"A failed task was expected, {failure.GetType()} was found.");
    }

    private static void AtLeast(TimeSpan? value, TimeSpan firstRetryInterval, string name)
    {
        if (value < firstRetryInterval && value != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(name, value, $"Must be at least the first retry interval, {firstRetryInterval}.");
        }
    }
}
