using System.Diagnostics;
using Microsoft.DurableTask.Engine;
using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

public sealed class OwnershipTests(AzuriteFixture azurite)
{
    private static Functions Gated(int result, Task gate, TaskCompletionSource? begun = null) => new Functions()
        .Activity<int, int>("Slow", async (_, _) =>
        {
            begun?.TrySetResult();
            await gate;
            return result;
        })
        .Orchestrator("Run", context => context.CallActivityAsync<int>("Slow", 0));

    [Fact]
    public async Task PausedOwner_AfterATakeover_CannotWrite()
    {
        var options = HubTest.Options(azurite) with { LeaseDuration = TimeSpan.FromMilliseconds(300) };
        var store = new FaultyStore(new TableHubStore(options.ConnectionString, options.HubName));
        var (begun, gate, secondBegun, secondGate) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        using var deadline = new CancellationTokenSource(HubTest.Deadline * 2);
        await using var end = deadline.Token.Register(store.Die);
        await using var paused = new DurableTaskHub(options, Gated(1, gate.Task, begun), NullLoggerFactory.Instance, TimeProvider.System, store);
        await paused.StartAsync(CancellationToken.None);
        var id = await paused.Client.ScheduleNewOrchestrationInstanceAsync("Run");
        await begun.Task.WaitAsync(HubTest.Deadline);

        store.IsLeasePaused = true;
        await using var next = await HubTest.StartAsync(options, Gated(2, secondGate.Task, secondBegun));
        await secondBegun.Task.WaitAsync(HubTest.Deadline);
        gate.SetResult();
        await HubTest.UntilAsync(() => Task.FromResult(store.Refused > 0));
        secondGate.SetResult();

        Assert.Equal(2, (await next.EndOfAsync(id)).ReadOutputAs<int>());
        store.IsLeasePaused = false;
    }

    [Fact]
    public async Task SecondProcess_WhileTheFirstLives_WaitsButItsClientWorks()
    {
        var options = HubTest.Options(azurite);
        await using var owner = await HubTest.StartAsync(options, Gated(1, Task.CompletedTask));
        Assert.Equal(1, (await owner.RunAsync("Run")).ReadOutputAs<int>());
        await using var standby = await HubTest.StartAsync(options, Gated(2, Task.CompletedTask));

        Assert.Equal(1, (await standby.RunAsync("Run")).ReadOutputAs<int>());
        await owner.StopAsync(CancellationToken.None);
        Assert.Equal(2, (await standby.RunAsync("Run")).ReadOutputAs<int>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LeaseOfAnHour_OfAProcessThatIsGone_IsTakenAtOnce(bool released)
    {
        var options = HubTest.Options(azurite);
        using var process = Process.Start("true");
        await process.WaitForExitAsync();
        var store = new TableHubStore(options.ConnectionString, options.HubName);
        await store.TryWriteLeaseAsync(
            new HubLease
            {
                Owner = released ? "" : "somebody",
                Machine = released ? "elsewhere" : Environment.MachineName,
                ProcessId = process.Id,
                ProcessStartedAt = DateTimeOffset.UtcNow,
                ExpiresAt = DateTimeOffset.UtcNow.AddHours(1),
                Epoch = 7,
            },
            CancellationToken.None);
        await using var hub = await HubTest.StartAsync(options with { LeaseDuration = TimeSpan.FromHours(1) }, Gated(1, Task.CompletedTask));

        Assert.Equal(1, (await hub.RunAsync("Run")).ReadOutputAs<int>());
        Assert.Equal(8, (await store.ReadLeaseAsync(CancellationToken.None))!.Epoch);
    }

    [Fact]
    public async Task Stop_WhileAnActivityRuns_LetsTheNextOwnerRunItAgain()
    {
        var options = HubTest.Options(azurite) with { StopTimeout = TimeSpan.FromMilliseconds(100) };
        var (begun, never) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var first = await HubTest.StartAsync(options, Gated(1, never.Task, begun));
        var id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Run");
        await begun.Task.WaitAsync(HubTest.Deadline);
        await first.StopAsync(CancellationToken.None);

        await using var second = await HubTest.StartAsync(options, Gated(2, Task.CompletedTask));

        Assert.Equal(2, (await second.EndOfAsync(id)).ReadOutputAs<int>());
    }
}
