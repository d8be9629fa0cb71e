using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

public sealed class IllegalOrchestratorTests(AzuriteFixture azurite)
{
    private const string IllegalAwait = "An invalid asynchronous invocation was detected.";

    public static TheoryData<string> ForeignAwaits => ["Delay", "Run", "ConfigureAwait", "BesideDurable", "AfterDurable"];

    [Theory]
    [MemberData(nameof(ForeignAwaits))]
    public async Task Await_OnSomethingForeign_FailsTheInstance(string which)
    {
        var functions = new Functions().Activity<int, int>("Next", n => n + 1).Orchestrator("Illegal", async context =>
        {
            switch (which)
            {
                case "Delay":
                    await Task.Delay(20);
                    break;
                case "Run":
                    await Task.Run(() => Thread.Sleep(20));
                    break;
                case "ConfigureAwait":
                    await context.CallActivityAsync<int>("Next", 1).ConfigureAwait(false);
                    await Task.Delay(20).ConfigureAwait(false);
                    break;
                case "BesideDurable":
                    _ = context.WaitForExternalEvent<int>("Never");
                    await Task.Delay(20);
                    break;
                default:
                    await context.CallActivityAsync<int>("Next", 1);
                    await Task.Delay(20);
                    break;
            }

            return await context.CallActivityAsync<int>("Next", 1);
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync("Illegal");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.StartsWith(IllegalAwait, ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Middleware_ThatReallyAwaits_FailsTheInstance()
    {
        var functions = new Functions
        {
            Middleware = async next =>
            {
                await Task.Delay(5);
                return await next();
            },
        }.Orchestrator("Fine", _ => Task.FromResult(1));
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        Assert.StartsWith(IllegalAwait, (await hub.RunAsync("Fine")).FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Middleware_AndYield_RunOnEveryReplayOnOneThread()
    {
        var runs = 0;
        var functions = new Functions
        {
            Middleware = async next =>
            {
                Interlocked.Increment(ref runs);
                await Task.Yield();
                return await next();
            },
        }.Activity<int, int>("Next", n => n + 1).Orchestrator("Fine", async context =>
        {
            var thread = Environment.CurrentManagedThreadId;
            await Task.Yield();
            await Task.Factory.StartNew(() => Assert.Equal(thread, Environment.CurrentManagedThreadId), CancellationToken.None, TaskCreationOptions.None, TaskScheduler.Current);
            return await context.CallActivityAsync<int>("Next", 1);
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        Assert.Equal(2, (await hub.RunAsync("Fine")).ReadOutputAs<int>());
        Assert.Equal(2, runs);
    }

    [Theory]
    [InlineData("name", "its history has activity 'First' (#0), its replay asks for activity 'Second' (#0)")]
    [InlineData("kind", "its history has activity 'First' (#0), its replay asks for a timer (#0)")]
    [InlineData("missing", "its history has activity 'First' (#0), its replay asks for the end of the orchestrator")]
    [InlineData("extra", "its history has nothing more in this turn, its replay asks for activity 'Second' (#1)")]
    public async Task Replay_ThatDiffersFromTheHistory_FailsTheInstance(string change, string message)
    {
        var run = 0;
        var functions = new Functions().Activity<int, int>("First", n => n).Activity<int, int>("Second", n => n).Orchestrator("Changing", async context =>
        {
            var first = Interlocked.Increment(ref run) == 1;
            switch (change)
            {
                case "kind" when !first:
                    await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    break;
                case "missing" when !first:
                    return 0;
                case "extra" when !first:
                    return (await Task.WhenAll(context.CallActivityAsync<int>("First", 1), context.CallActivityAsync<int>("Second", 1))).Sum();
            }

            return await context.CallActivityAsync<int>(first || change != "name" ? "First" : "Second", 1);
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync("Changing");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains(message, ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Input", "input of activity 'Echo'")]
    [InlineData("Result", "result of activity 'Long'")]
    [InlineData("Output", "output of orchestrator 'Output'")]
    [InlineData("Event", "payload of event 'E'")]
    public async Task Payload_AboveOneMebibyte_FailsTheInstance(string which, string what)
    {
        var tooLong = new string('x', (1024 * 1024) + 1);
        var functions = new Functions()
            .Activity<string, string>("Echo", text => text)
            .Activity<int, string>("Long", _ => tooLong)
            .Orchestrator("Input", context => context.CallActivityAsync<string>("Echo", tooLong))
            .Orchestrator("Result", context => context.CallActivityAsync<string>("Long", 1, TaskOptions.FromRetryPolicy(new RetryPolicy(9, TimeSpan.FromHours(1)))))
            .Orchestrator("Output", _ => Task.FromResult(tooLong))
            .Orchestrator("Event", context =>
            {
                context.SendEvent("somebody", "E", tooLong);
                return Task.FromResult("");
            });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync(which);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains(what + " is 1048579 bytes", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Payload_OfOneMebibyte_TravelsEverywhere()
    {
        // Characters that take two UTF-16 units, and quotes that JSON escapes twice.
        var text = string.Concat(Enumerable.Repeat("é\"x😀", 40_000));
        var functions = new Functions().Activity<string, string>("Echo", s => s).Orchestrator("Long", async context =>
        {
            var raised = await context.WaitForExternalEvent<string>("E");
            return raised == context.GetInput<string>() ? await context.CallActivityAsync<string>("Echo", raised) : "";
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Long", text, CancellationToken.None);

        await hub.Client.RaiseEventAsync(id, "E", text);

        var ended = await hub.EndOfAsync(id);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal(text, ended.ReadOutputAs<string>());
        Assert.Equal(text, ended.ReadInputAs<string>());
        await Assert.ThrowsAsync<ArgumentException>(() => hub.Client.RaiseEventAsync(id, "E", text + text));
    }
}
