using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Hosting;

/// <summary>Runs a function, and again after a failure as its retry policy says. The state of the retries is in memory.</summary>
internal sealed class RetriedRunner(FunctionRunner runner, IServiceScopeFactory scopes, TimeProvider time, ILogger<RetriedRunner> log)
{
    /// <summary>Ends once the function has succeeded, its retries are spent, or the token is cancelled. The runner has logged each failure.</summary>
    public async Task RunAsync(DiscoveredFunction function, object trigger, IReadOnlyDictionary<string, object?> bindingData, CancellationToken cancellationToken)
    {
        var policy = function.Retry;
        for (var retries = 0; ; retries++)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var attempt = policy is null ? null : new RetryAttempt(retries, policy.MaxRetryCount);
                await runner.RunAsync(new Invocation(function, trigger, bindingData, scope.ServiceProvider, cancellationToken, attempt));
                return;
            }
            catch (Exception) when (policy is not null && policy.Allows(retries) && !cancellationToken.IsCancellationRequested)
            {
                var delay = policy.Delay(retries);
                log.Retrying(function.Name, delay, retries + 1, policy.MaxRetryCount < 0 ? "any" : $"{policy.MaxRetryCount}");
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (cancellationToken.IsCancellationRequested)
                {
                    return;
                }
            }
            catch (Exception)
            {
                return;
            }
        }
    }
}
