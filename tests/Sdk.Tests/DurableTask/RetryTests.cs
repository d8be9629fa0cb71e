using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

public sealed class RetryTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(10);

    private static Functions Flaky(int failures, TaskOptions options)
    {
        var attempts = 0;
        return new Functions()
            .Activity<int, int>("Flaky", _ => Interlocked.Increment(ref attempts) <= failures ? throw new TimeoutException($"attempt {attempts}") : attempts)
            .Orchestrator("Retry", context => context.CallActivityAsync<int>("Flaky", 0, options));
    }

    [Fact]
    public async Task RetryPolicy_EnoughAttempts_GivesTheResult()
    {
        var functions = Flaky(2, new RetryPolicy(3, Soon, 2) is { } policy ? TaskOptions.FromRetryPolicy(policy) : new());
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        Assert.Equal(3, (await hub.RunAsync("Retry")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task RetryPolicy_TooFewAttempts_FailsWithTheLastFailure()
    {
        var functions = Flaky(9, TaskOptions.FromRetryPolicy(new RetryPolicy(3, Soon)));
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync("Retry");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("attempt 3", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(3, functions.Runs["Flaky"]);
    }

    [Fact]
    public async Task HandleFailure_OfAnotherType_DoesNotRetry()
    {
        var functions = Flaky(9, TaskOptions.FromRetryPolicy(new RetryPolicy(5, Soon) { HandleFailure = failure => failure.IsCausedBy<IOException>() }));
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        await hub.RunAsync("Retry");

        Assert.Equal(1, functions.Runs["Flaky"]);
    }

    [Fact]
    public async Task RetryHandler_ThatSaysSo_Retries()
    {
        var functions = Flaky(9, TaskOptions.FromRetryHandler(retry => retry.LastAttemptNumber < 4 && retry.LastFailure.IsCausedBy<TimeoutException>()));
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync("Retry");

        Assert.Equal(4, functions.Runs["Flaky"]);
        Assert.Contains("attempt 4", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RetryPolicy_OfASubOrchestration_StartsItAgain()
    {
        var attempts = 0;
        var functions = new Functions()
            .Orchestrator<int>("Child", _ => Interlocked.Increment(ref attempts) < 3 ? throw new TimeoutException() : Task.FromResult(attempts))
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<int>(
                "Child", null, TaskOptions.FromRetryPolicy(new RetryPolicy(3, Soon)).WithInstanceId(context.InstanceId + "-child")));
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        Assert.Equal(3, (await hub.RunAsync("Parent")).ReadOutputAs<int>());
    }

    [Theory]
    [InlineData(0, 1, 1.0)]
    [InlineData(1, 0, 1.0)]
    [InlineData(1, 1, 0.5)]
    public void RetryPolicy_OutsideItsRanges_IsRefused(int attempts, int seconds, double coefficient) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy(attempts, TimeSpan.FromSeconds(seconds), coefficient));
}
