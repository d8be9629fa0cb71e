using Pipeline.Faults.Cases;
using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Tests;

public sealed class OutageTests(RehearsalFixture fixture)
{
    [Fact]
    public Task Run_TheAnswerOfEveryCommitIsLost_LeavesEveryRowExactlyOnce() =>
        SurvivesAsync(Stage.First, new Repeatedly(Fault.Cut, Moment.After, request => request.IsCommit, every: null));

    [Fact]
    public Task Run_TheAnswerOfEveryFifthWriteIsLost_LeavesEveryRowExactlyOnce() =>
        SurvivesAsync(Stage.Changed, new Repeatedly(Fault.Cut, Moment.After, request => request.IsWrite, every: 5));

    [Fact]
    public Task Run_StorageIsBusyAllTheTime_LeavesEveryRowExactlyOnce() =>
        SurvivesAsync(Stage.Changed, new Repeatedly(Fault.Busy, Moment.Before, _ => true, every: 10));

    private async Task SurvivesAsync(Stage stage, Repeatedly faults)
    {
        var problems = await fixture.Rehearsal.PlayAsync(stage, faults, await fixture.ExpectedAsync(stage), TestContext.Current.CancellationToken);

        Assert.Empty(problems);
        Assert.NotEqual(0, faults.Failed);
    }
}
