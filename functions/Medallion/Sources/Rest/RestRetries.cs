using Polly;
using Polly.Retry;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>How often a server is asked again, and after which waits: those that double, or what it asks for.</summary>
internal static class RestRetries
{
    /// <summary>Repeats what failed and may pass.</summary>
    /// <typeparam name="TAttempt">How an attempt ends; none throws what may pass.</typeparam>
    /// <param name="options">How often and how long.</param>
    /// <param name="clock">Waits.</param>
    /// <param name="isPassing">Whether an attempt is made again.</param>
    /// <param name="wait">How long the server asks to wait; null: it does not say.</param>
    public static ResiliencePipeline<TAttempt> Of<TAttempt>(RestOptions options, TimeProvider clock, Func<TAttempt, bool> isPassing, Func<TAttempt, TimeSpan?> wait)
        where TAttempt : class => options.Attempts < 2 ? ResiliencePipeline<TAttempt>.Empty : new ResiliencePipelineBuilder<TAttempt> { TimeProvider = clock }.AddRetry(new RetryStrategyOptions<TAttempt>
        {
            MaxRetryAttempts = options.Attempts - 1,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = options.FirstDelay,
            MaxDelay = options.LongestDelay,
            ShouldHandle = args => ValueTask.FromResult(args.Outcome.Result is { } attempt && isPassing(attempt)),
            DelayGenerator = args => ValueTask.FromResult(args.Outcome.Result is { } attempt ? wait(attempt) : null),
        }).Build();
}
