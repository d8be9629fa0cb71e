using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

public sealed class OrchestrationTests(AzuriteFixture azurite)
{
    private static Functions Arithmetic() => new Functions()
        .Activity<int, int>("Square", n => n * n)
        .Activity<int, int>("Fail", n => n < 0 ? n : throw new InvalidDataException($"no {n}", new FormatException("inner")));

    [Fact]
    public async Task Activities_OneAfterTheOther_GiveTheResult()
    {
        var functions = Arithmetic().Orchestrator("Chain", async context =>
        {
            var sum = 0;
            for (var n = 1; n <= 3; n++)
            {
                sum += await context.CallActivityAsync<int>("Square", n);
            }

            return sum + context.GetInput<int>();
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync("Chain", 100);

        Assert.Equal(OrchestrationRuntimeStatus.Completed, ended.RuntimeStatus);
        Assert.Equal(114, ended.ReadOutputAs<int>());
        Assert.Equal(100, ended.ReadInputAs<int>());
        Assert.Equal(3, functions.Runs["Square"]);
    }

    [Fact]
    public async Task Activities_FannedOut_GiveTheirResultsInOrder()
    {
        var functions = Arithmetic().Orchestrator("Fan", context =>
            Task.WhenAll(Enumerable.Range(0, 100).Select(n => context.CallActivityAsync<int>("Square", n))));
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync("Fan");

        Assert.Equal(Enumerable.Range(0, 100).Select(n => n * n), ended.ReadOutputAs<int[]>()!);
        Assert.Equal(100, functions.Runs["Square"]);
    }

    [Fact]
    public async Task Activity_Failed_CrossesTheBoundaryAsText()
    {
        var functions = Arithmetic().Orchestrator("Catch", async context =>
        {
            try
            {
                return await context.CallActivityAsync<string>("fail", 7);
            }
            catch (TaskFailedException failure)
            {
                var details = failure.FailureDetails;
                return $"{failure.TaskName} {details.ErrorType} {details.ErrorMessage} {details.InnerFailure is null} {details.IsCausedBy<SystemException>()} {details.IsCausedBy<IOException>()}";
            }
        });
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync("Catch");

        Assert.Equal("fail System.IO.InvalidDataException no 7 True True False", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Orchestrator_ThatThrows_Fails()
    {
        var functions = Arithmetic().Orchestrator("Throw", context => context.CallActivityAsync<int>("Fail", 7));
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync("Throw");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Equal("Microsoft.DurableTask.TaskFailedException", ended.FailureDetails!.ErrorType);
        Assert.Equal("Task 'Fail' (#0) failed with an unhandled exception: no 7", ended.FailureDetails.ErrorMessage);
    }

    [Theory]
    [InlineData("Nobody", "is not an orchestrator function")]
    [InlineData("CallNobody", "is not an activity function")]
    public async Task Function_ThatDoesNotExist_FailsTheInstance(string orchestrator, string message)
    {
        var functions = Arithmetic().Orchestrator("CallNobody", context =>
            context.CallActivityAsync<int>("Nobody", 1, TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromHours(1)))));
        await using var hub = await HubTest.StartAsync(HubTest.Options(azurite), functions);

        var ended = await hub.RunAsync(orchestrator);

        Assert.Contains(message, ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }
}
