using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

public sealed class VersionMatchTests(AzuriteFixture azurite)
{
    private static Functions Waiting() => new Functions().Orchestrator("Wait", context => context.WaitForExternalEvent<int>("Go"));

    [Theory]
    [InlineData("2", true)]
    [InlineData("1.5", true)]
    [InlineData("0.9", false)]
    public async Task CurrentOrOlder_AnAppOfAnotherVersionTakesOver_GoesOnOrFailsSayingSo(string version, bool goesOn)
    {
        var options = HubTest.Options(azurite) with { DefaultVersion = "1.5", VersionMatch = VersionMatch.CurrentOrOlder };
        string id;
        await using (var before = await HubTest.StartAsync(options, Waiting()))
        {
            id = await before.Client.ScheduleNewOrchestrationInstanceAsync("Wait");
            await before.Client.WaitForInstanceStartAsync(id);
            await before.StopAsync(CancellationToken.None);
        }

        await using var after = await HubTest.StartAsync(options with { DefaultVersion = version }, Waiting());
        await after.Client.RaiseEventAsync(id, "Go", 7);
        var ended = await after.EndOfAsync(id);

        Assert.Equal(goesOn ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.True(goesOn || ended.FailureDetails!.ErrorMessage.Contains("'1.5' does not fit the app's version '0.9'", StringComparison.Ordinal));
    }
}
