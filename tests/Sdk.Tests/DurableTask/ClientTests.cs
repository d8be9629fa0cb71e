using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

public sealed class ClientTests(AzuriteFixture azurite)
{
    private static readonly string[] BothIds = ["b1", "b2"];

    private static Functions Waiting() => new Functions()
        .Activity<int, int>("Next", n => n + 1)
        .Orchestrator("Wait", context => context.WaitForExternalEvent<int>("Go"))
        .Orchestrator("Echo", context => Task.FromResult(context.GetInput<string>()))
        .Orchestrator("Version", context => Task.FromResult(context.Version))
        .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<int>("Wait", null, new SubOrchestrationOptions(instanceId: context.InstanceId + "-child")));

    [Fact]
    public async Task Schedule_AnIdThatHasNotEnded_IsRefused_AndOneThatHasIsReplaced()
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), Waiting());
        var options = new StartOrchestrationOptions("one");
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", options);

        var refused = await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "a", options));
        await hub.Client.RaiseEventAsync("one", "Go", 1);
        Assert.Equal(1, (await hub.EndOfAsync("one")).ReadOutputAs<int>());
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "b", options);

        Assert.Contains("'one'", refused.Message.Replace("ID one", "'one'", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal("b", (await hub.EndOfAsync("one")).ReadOutputAs<string>());
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() =>
            hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "c", options.WithDedupeStatuses(OrchestrationRuntimeStatus.Completed)));
    }

    [Fact]
    public async Task Schedule_OneIdManyTimesAtOnce_StartsOne()
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), Waiting());
        var starts = Enumerable.Range(0, 8).Select(async _ =>
        {
            try
            {
                await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("one"));
                return true;
            }
            catch (OrchestrationAlreadyExistsException)
            {
                return false;
            }
        });

        Assert.Single(await Task.WhenAll(starts), true);
    }

    [Fact]
    public async Task Schedule_ARunningIdThatMayBeReplaced_RunsTheNewOne()
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), Waiting());
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("one"));
        await hub.Client.WaitForInstanceStartAsync("one");

        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "new", new StartOrchestrationOptions("one").WithDedupeStatuses());

        Assert.Equal("new", (await hub.EndOfAsync("one")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Schedule_ForLater_StaysPendingUntilThen()
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), Waiting());
        var startAt = DateTimeOffset.UtcNow.AddMilliseconds(400);
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "x", new StartOrchestrationOptions(StartAt: startAt));
        var far = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "x", new StartOrchestrationOptions(StartAt: startAt.AddHours(1)));

        var ended = await hub.EndOfAsync(id);

        Assert.True(ended.LastUpdatedAt >= startAt);
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await hub.Client.GetInstanceAsync(far))!.RuntimeStatus);
        await hub.Client.TerminateInstanceAsync(far, "no");
        Assert.Equal("no", (await hub.EndOfAsync(far)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Suspend_HoldsEventsBack_UntilResume()
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), Waiting());
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait");
        await hub.Client.WaitForInstanceStartAsync(id);

        await hub.Client.SuspendInstanceAsync(id, "stop");
        await HubTest.UntilAsync(async () => (await hub.Client.GetInstanceAsync(id))!.RuntimeStatus == OrchestrationRuntimeStatus.Suspended);
        var before = (await hub.Client.GetInstanceAsync(id))!.LastUpdatedAt;
        await hub.Client.RaiseEventAsync(id, "Go", 5);
        await HubTest.UntilAsync(async () => (await hub.Client.GetInstanceAsync(id))!.LastUpdatedAt > before);
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await hub.Client.GetInstanceAsync(id))!.RuntimeStatus);
        await hub.Client.ResumeInstanceAsync(id);

        Assert.Equal(5, (await hub.EndOfAsync(id)).ReadOutputAs<int>());
    }

    [Theory]
    [InlineData(true, OrchestrationRuntimeStatus.Terminated)]
    [InlineData(false, OrchestrationRuntimeStatus.Running)]
    public async Task Terminate_EndsTheInstance_AndItsChildrenIfAskedTo(bool recursive, OrchestrationRuntimeStatus child)
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), Waiting());
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("p"));
        await HubTest.UntilAsync(async () => (await hub.Client.GetInstanceAsync("p-child"))?.IsRunning is true);

        await hub.Client.TerminateInstanceAsync(id, new TerminateInstanceOptions("out", recursive));

        var ended = await hub.EndOfAsync(id);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, ended.RuntimeStatus);
        Assert.Equal("out", ended.ReadOutputAs<string>());
        await HubTest.UntilAsync(async () => (await hub.Client.GetInstanceAsync("p-child"))!.RuntimeStatus == child);
    }

    [Fact]
    public async Task Query_ByPrefixStatusAndTime_PagesThroughTheMatches()
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), Waiting());
        foreach (var id in new[] { "a1", "b1", "b2", "c1" })
        {
            await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", id, new StartOrchestrationOptions(id) { Tags = new Dictionary<string, string> { ["k"] = id } });
            await hub.EndOfAsync(id);
        }

        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("b3"));
        var query = new OrchestrationQuery(
            InstanceIdPrefix: "b", Statuses: [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed], PageSize: 1,
            CreatedFrom: DateTimeOffset.UtcNow.AddMinutes(-5), FetchInputsAndOutputs: true);

        var found = new List<OrchestrationMetadata>();
        await foreach (var instance in hub.Client.GetAllInstancesAsync(query))
        {
            found.Add(instance);
        }

        Assert.Equal(BothIds, found.Select(i => i.InstanceId));
        Assert.Equal("b2", found[1].ReadOutputAs<string>());
        Assert.Equal("b2", found[1].Tags["k"]);
    }

    [Fact]
    public async Task Purge_TakesEndedInstancesOnly_WithTheirChildren()
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), Waiting());
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("p"));
        await HubTest.UntilAsync(async () => (await hub.Client.GetInstanceAsync("p-child"))?.IsRunning is true);
        Assert.Equal(0, (await hub.Client.PurgeInstanceAsync("p")).PurgedInstanceCount);
        await hub.Client.RaiseEventAsync("p-child", "Go", 1);
        await hub.EndOfAsync("p");
        await hub.RunAsync("Echo", "x");

        Assert.Equal(2, (await hub.Client.PurgeInstanceAsync("p", new PurgeInstanceOptions(Recursive: true))).PurgedInstanceCount);
        Assert.Null(await hub.Client.GetInstanceAsync("p-child"));
        Assert.Equal(0, (await hub.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(Statuses: [OrchestrationRuntimeStatus.Running]))).PurgedInstanceCount);
        Assert.Equal(1, (await hub.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter())).PurgedInstanceCount);
    }

    [Fact]
    public async Task Instance_ThatDoesNotExist_IsNullOrRefused()
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), Waiting());

        Assert.Null(await hub.Client.GetInstanceAsync("nobody"));
        await Assert.ThrowsAsync<ArgumentException>(() => hub.Client.RaiseEventAsync("nobody", "Go", 1));
        await Assert.ThrowsAsync<ArgumentException>(() => hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", new StartOrchestrationOptions("a/b")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => hub.Client.WaitForInstanceCompletionAsync("nobody"));
    }

    [Fact]
    public async Task Version_OfTheHub_IsThatOfItsInstances()
    {
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite) with { DefaultVersion = "1.2" }, Waiting());

        Assert.Equal("1.2", (await hub.RunAsync("Version")).ReadOutputAs<string>());
    }
}
