using System.Collections.Concurrent;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

public sealed class ContextTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task SubOrchestration_Called_GivesItsResultAndKnowsItsParent()
    {
        var functions = new Functions()
            .Orchestrator("Child", context => Task.FromResult($"{context.Parent!.Name} {context.Parent.InstanceId} {context.GetInput<int>()}"))
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>("Child", 5, new SubOrchestrationOptions(instanceId: context.InstanceId + "-child")));
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync("Parent");

        Assert.Equal($"Parent {ended.InstanceId} 5", ended.ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await hub.Client.GetInstanceAsync(ended.InstanceId + "-child"))!.RuntimeStatus);
    }

    [Fact]
    public async Task SubOrchestration_ThatFails_FailsWithTypeAndText()
    {
        var functions = new Functions()
            .Orchestrator<int>("Child", _ => throw new InvalidDataException("bad"))
            .Orchestrator("Parent", async context =>
            {
                var failure = await Assert.ThrowsAsync<TaskFailedException>(() => context.CallSubOrchestratorAsync<int>("Child"));
                return failure.FailureDetails.IsCausedBy<InvalidDataException>() + failure.FailureDetails.ErrorMessage;
            });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        Assert.Equal("Truebad", (await hub.RunAsync("Parent")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Timer_AgainstAnEvent_LosesOnceTheEventComes()
    {
        var functions = new Functions().Orchestrator("Wait", async context =>
        {
            using var stop = new CancellationTokenSource();
            var timer = context.CreateTimer(TimeSpan.FromHours(1), stop.Token);
            var raised = context.WaitForExternalEvent<int>("Go");
            var winner = await Task.WhenAny(timer, raised);
            stop.Cancel();
            return winner == raised ? await raised : -1;
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait");

        await hub.Client.RaiseEventAsync(id, "go", 42);

        Assert.Equal(42, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Timer_Fired_MovesTheTimeAtLeastThatFar()
    {
        var functions = new Functions().Orchestrator("Wait", async context =>
        {
            var due = context.CurrentUtcDateTime.AddMilliseconds(150);
            await context.CreateTimer(due, CancellationToken.None);
            return context.CurrentUtcDateTime >= due;
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        Assert.True((await hub.RunAsync("Wait")).ReadOutputAs<bool>());
    }

    [Fact]
    public async Task ExternalEvent_ThatDoesNotCome_IsCancelledAfterTheTimeout()
    {
        var functions = new Functions().Orchestrator("Wait", async context =>
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => context.WaitForExternalEvent<int>("Go", TimeSpan.FromMilliseconds(50)));
            return "late";
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        Assert.Equal("late", (await hub.RunAsync("Wait")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task ExternalEvents_BeforeTheyAreWaitedFor_AreKeptInOrder()
    {
        var functions = new Functions().Orchestrator("Listen", async context =>
        {
            await context.WaitForExternalEvent<string>("Begin");
            return await context.WaitForExternalEvent<int>("N") + "," + await context.WaitForExternalEvent<int>("N");
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Listen");

        await hub.Client.RaiseEventAsync(id, "N", 1);
        await hub.Client.RaiseEventAsync(id, "N", 2);
        await hub.Client.RaiseEventAsync(id, "Begin", "");

        Assert.Equal("1,2", (await hub.EndOfAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task SendEvent_ToAnotherInstance_ArrivesOnce()
    {
        var functions = new Functions()
            .Orchestrator("Receiver", async context =>
            {
                var first = await context.WaitForExternalEvent<string>("Hello");
                using var stop = new CancellationTokenSource();
                var second = context.WaitForExternalEvent<string>("Hello", stop.Token);
                await Task.WhenAny(second, context.CreateTimer(TimeSpan.FromMilliseconds(200), CancellationToken.None));
                return first + second.IsCompleted;
            })
            .Orchestrator("Sender", context =>
            {
                context.SendEvent(context.GetInput<string>()!, "Hello", "hi");
                return Task.FromResult(0);
            });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Receiver");

        await hub.RunAsync("Sender", id);

        Assert.Equal("hiFalse", (await hub.EndOfAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task ContinueAsNew_ReplacesInputAndHistory_AndKeepsUnclaimedEvents()
    {
        var functions = new Functions().Activity<int, int>("Next", n => n + 1).Orchestrator("Loop", async context =>
        {
            var n = context.GetInput<int>();
            if (n == 0)
            {
                await context.WaitForExternalEvent<string>("Begin");
            }

            if (n == 5)
            {
                return n + await context.WaitForExternalEvent<int>("Kept");
            }

            context.ContinueAsNew(await context.CallActivityAsync<int>("Next", n));
            return -1;
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Loop", 0, CancellationToken.None);
        await hub.Client.RaiseEventAsync(id, "Kept", 100);
        await hub.Client.RaiseEventAsync(id, "Begin", "");

        var ended = await hub.EndOfAsync(id);

        Assert.Equal(105, ended.ReadOutputAs<int>());
        Assert.Equal(5, ended.ReadInputAs<int>());
        Assert.Equal(5, functions.Runs["Next"]);
    }

    [Fact]
    public async Task NewGuidAndTime_OnEveryReplay_AreTheSame()
    {
        var seen = new ConcurrentBag<(Guid First, Guid Second, DateTime Time)>();
        var functions = new Functions().Activity<int, int>("Next", n => n + 1).Orchestrator("Ids", async context =>
        {
            seen.Add((context.NewGuid(), context.NewGuid(), context.CurrentUtcDateTime));
            await context.CallActivityAsync<int>("Next", 1);
            return await context.CallActivityAsync<int>("Next", 2);
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        await hub.RunAsync("Ids");

        Assert.Equal(3, seen.Count);
        var (first, second, _) = Assert.Single(seen.Distinct());
        Assert.NotEqual(first, second);
        Assert.Equal(5, first.Version);
    }

    [Fact]
    public async Task ReplaySafeLogger_AcrossReplays_WritesOnce()
    {
        var lines = new Lines();
        var functions = new Functions().Activity<int, int>("Next", n => n + 1).Orchestrator("Log", async context =>
        {
            var logger = context.CreateReplaySafeLogger("Test");
            logger.LogInformation("before");
            await context.CallActivityAsync<int>("Next", 1);
            logger.LogInformation("after");
            return 0;
        });
        await using var hub = new DurableTaskHub(HubTest.Options(azurite), functions, lines, TimeProvider.System);
        await hub.StartAsync(CancellationToken.None);

        await hub.RunAsync("Log");

        Assert.Equal(["before", "after"], lines.Written);
    }

    [Fact]
    public async Task CustomStatus_Set_IsSeenWhileItRuns()
    {
        var functions = new Functions().Orchestrator("Status", async context =>
        {
            context.SetCustomStatus(new { Step = 3 });
            await context.WaitForExternalEvent<int>("Go");
            return 0;
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Status");

        await HubTest.UntilAsync(async () => (await hub.Client.GetInstanceAsync(id, true))!.SerializedCustomStatus == """{"Step":3}""");

        await hub.Client.RaiseEventAsync(id, "Go", 1);
        Assert.Equal("""{"Step":3}""", (await hub.EndOfAsync(id)).SerializedCustomStatus);
    }

    private sealed class Lines : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<string> Written { get; } = new();

        public ILogger CreateLogger(string categoryName) => categoryName == "Test" ? this : NullLogger.Instance;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue(formatter(state, exception));
    }
}
