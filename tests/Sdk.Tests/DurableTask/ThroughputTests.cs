using System.Diagnostics;
using System.Globalization;
using Microsoft.DurableTask.Client;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

public sealed class ThroughputTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    [Theory]
    [InlineData(2_000, 2_000)]
    [InlineData(2_000, 32)]
    [InlineData(10_000, 10_000)]
    public async Task FanOut_OfManyActivities_Completes(int count, int inFlight)
    {
        var functions = new Functions().Activity<int, int>("Next", n => n + 1).Orchestrator("Fan", async context =>
        {
            var sum = 0L;
            var going = new HashSet<Task<int>>();
            for (var n = 0; n < count; n++)
            {
                if (going.Count >= inFlight)
                {
                    var ended = await Task.WhenAny(going);
                    going.Remove(ended);
                    sum += await ended;
                }

                going.Add(context.CallActivityAsync<int>("Next", n));
            }

            return sum + (await Task.WhenAll(going)).Sum(n => (long)n);
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);
        var watch = Stopwatch.StartNew();

        var ended = await hub.RunAsync("Fan");

        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal(count, functions.Runs["Next"]);
        Assert.Equal(count * (count + 1L) / 2, ended.ReadOutputAs<long>());
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{count} activities, {inFlight} in flight: {watch.Elapsed.TotalSeconds:F1} s, {count / watch.Elapsed.TotalSeconds:F0} per second"));
    }

    [Fact]
    public async Task FanOut_OfManySubOrchestrations_Completes()
    {
        var functions = new Functions()
            .Activity<int, int>("Next", n => n + 1)
            .Orchestrator("Child", context => context.CallActivityAsync<int>("Next", context.GetInput<int>()))
            .Orchestrator("Parent", async context => (await Task.WhenAll(Enumerable.Range(0, 100).Select(n => context.CallSubOrchestratorAsync<int>("Child", n)))).Sum());
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);
        var watch = Stopwatch.StartNew();

        var ended = await hub.RunAsync("Parent");

        Assert.Equal(5050, ended.ReadOutputAs<int>());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"100 sub-orchestrations: {watch.Elapsed.TotalSeconds:F1} s"));
    }
}
