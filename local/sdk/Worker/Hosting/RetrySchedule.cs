using System.Globalization;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>How often and after what delay a failed invocation is repeated.</summary>
internal static class RetrySchedule
{
    /// <summary>Whether a further try follows after <paramref name="retries"/> of them; -1 is without end.</summary>
    public static bool Allows(this RetryAttribute policy, int retries) => policy.MaxRetryCount < 0 || retries < policy.MaxRetryCount;

    /// <summary>The delay before the next try, after <paramref name="retries"/> of them.</summary>
    public static TimeSpan Delay(this RetryAttribute policy, int retries)
    {
        switch (policy)
        {
            case FixedDelayRetryAttribute fixedDelay:
                return Parse(fixedDelay.DelayInterval);
            case ExponentialBackoffRetryAttribute backoff:
                var maximum = Parse(backoff.MaximumInterval);
                var doubled = Parse(backoff.MinimumInterval) * Math.Pow(2, Math.Min(retries, 30));
                // Up to a fifth more, so that instances that failed together do not come back together.
                var jittered = doubled * (1 + (0.2 * Random.Shared.NextDouble()));
                return jittered < maximum ? jittered : maximum;
            default:
                throw new InvalidOperationException($"{policy.GetType().Name} is not a retry policy of this host.");
        }
    }

    private static TimeSpan Parse(string interval) => TimeSpan.Parse(interval, CultureInfo.InvariantCulture);
}
