using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine;
using Microsoft.DurableTask.Engine.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

public sealed class CrashTests(AzuriteFixture azurite, ITestOutputHelper output)
{
    private static Functions Everything() => new Functions()
        .Activity<int, int>("Next", n => n + 1)
        .Activity<int, int>("Fail", n => n >= 0 ? throw new TimeoutException("again") : n)
        .Orchestrator("Child", context => context.CallActivityAsync<int>("Next", context.GetInput<int>()))
        .Orchestrator("Receiver", async context => await context.WaitForExternalEvent<int>("Sum") * (await context.WaitForExternalEvent<int>("Sum") + 1))
        .Orchestrator("Everything", async context =>
        {
            var round = context.GetInput<int>();
            var sum = (await Task.WhenAll(Enumerable.Range(0, 3).Select(n => context.CallActivityAsync<int>("Next", n)))).Sum();
            sum += await context.CallSubOrchestratorAsync<int>("Child", 10);
            await context.CreateTimer(TimeSpan.FromMilliseconds(1), CancellationToken.None);
            await Assert.ThrowsAsync<TaskFailedException>(() =>
                context.CallActivityAsync<int>("Fail", 1, TaskOptions.FromRetryPolicy(new RetryPolicy(2, TimeSpan.FromMilliseconds(1)))));
            context.SendEvent("receiver", "Sum", sum);
            if (round == 0)
            {
                context.ContinueAsNew(1);
            }

            return sum;
        });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Process_KilledAtAnyWrite_IsContinuedByTheNext(bool afterwards)
    {
        var deaths = 0;
        var writes = Enumerable.Range(1, 60);
        await Parallel.ForEachAsync(writes, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (dieAt, _) =>
        {
            if (await RunAsync(dieAt, afterwards))
            {
                Interlocked.Increment(ref deaths);
            }
        });

        // The last ones did not live to die: every write of the scenario was tried.
        output.WriteLine($"{deaths} deaths");
        Assert.InRange(deaths, 20, 59);
    }

    private async Task<bool> RunAsync(int dieAt, bool afterwards)
    {
        var options = HubTest.Options(azurite) with { LeaseDuration = TimeSpan.FromMilliseconds(300), StopTimeout = TimeSpan.FromMilliseconds(100), PollInterval = TimeSpan.FromMilliseconds(50) };
        var tables = new TableHubStore(options.ConnectionString, options.HubName);
        await using var outside = new DurableTaskHub(options, Everything(), NullLoggerFactory.Instance, TimeProvider.System, tables);
        await outside.Client.ScheduleNewOrchestrationInstanceAsync("Receiver", new StartOrchestrationOptions("receiver"));
        await outside.Client.ScheduleNewOrchestrationInstanceAsync("Everything", 0, new StartOrchestrationOptions("everything"));
        var store = new FaultyStore(tables, dieAt, afterwards);
        await using var first = new DurableTaskHub(options, Everything(), NullLoggerFactory.Instance, TimeProvider.System, store);
        await first.StartAsync(CancellationToken.None);
        await Task.WhenAny(store.Died, outside.EndOfAsync("receiver"));

        await using var second = new DurableTaskHub(options, Everything(), NullLoggerFactory.Instance, TimeProvider.System, tables);
        await second.StartAsync(CancellationToken.None);
        var sender = await EndAsync(outside, "everything", dieAt);
        var receiver = await EndAsync(outside, "receiver", dieAt);

        Assert.Equal((OrchestrationRuntimeStatus.Completed, 17), (sender.RuntimeStatus, sender.ReadOutputAs<int>()));
        Assert.Equal((OrchestrationRuntimeStatus.Completed, 17 * 18), (receiver.RuntimeStatus, receiver.ReadOutputAs<int>()));
        return store.Died.IsCompleted;
    }

    private static async Task<OrchestrationMetadata> EndAsync(DurableTaskHub hub, string id, int dieAt)
    {
        try
        {
            return await hub.EndOfAsync(id);
        }
        catch (OperationCanceledException error)
        {
            throw new TimeoutException($"{await hub.Client.GetInstanceAsync(id)} was not continued after death {dieAt}.", error);
        }
    }
}
