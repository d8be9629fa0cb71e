using Pipeline.Faults.Cases;
using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Tests;

public sealed class RequestTests(RehearsalFixture fixture)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RequestRun_TwentyAtTheSameMoment_OneIsAcceptedAndTheOthersAreToldItsId()
    {
        await using var sandbox = await StartAsync(("small", Landing.Definition()));

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => sandbox.Api.RequestRunAsync("small", Stop)));

        var accepted = Assert.Single(answers, a => a.Accepted);
        Assert.All(answers, a => Assert.Equal(accepted.RunId, a.RunId));
        Assert.Equal("succeeded", (await sandbox.Api.FollowAsync("small", accepted.RunId, Deadline, Stop)).Status);
        Assert.Single(await sandbox.Api.RunsAsync("small", Stop));
        Assert.Equal((await fixture.ExpectedAsync(Stage.First)).Tables, await TableState.ReadAsync(sandbox.Api, "small", Stop));
    }

    [Fact]
    public async Task RequestRun_TwoPipelines_RunSideBySide()
    {
        var other = Landing.Definition().ToDictionary(f => f.Key.Replace("small/", "other/", StringComparison.Ordinal), f => f.Value.Replace("name: small", "name: other", StringComparison.Ordinal));
        await using var sandbox = await StartAsync(("small", Landing.Definition()), ("other", other));

        var asked = await Task.WhenAll(sandbox.Api.RequestRunAsync("small", Stop), sandbox.Api.RequestRunAsync("other", Stop));

        Assert.All(asked, a => Assert.True(a.Accepted));
        var expected = (await fixture.ExpectedAsync(Stage.First)).Tables;
        foreach (var (pipeline, run) in new[] { "small", "other" }.Zip(asked))
        {
            Assert.Equal("succeeded", (await sandbox.Api.FollowAsync(pipeline, run.RunId, Deadline, Stop)).Status);
            Assert.Equal(expected, await TableState.ReadAsync(sandbox.Api, pipeline, Stop));
        }
    }

    [Theory]
    [InlineData(Moment.Before)]
    [InlineData(Moment.After)]
    public async Task RequestRun_AppKilledBetweenClaimAndSchedule_TheNextRequestSetsTheRunGoing(Moment moment)
    {
        var result = await fixture.Rehearsal.PlayAsync(
            new KillCase { Stage = Stage.First }, app => new Kill(IsRunRecord, moment, app.KillAsync), await fixture.ExpectedAsync(Stage.First), Stop);

        Assert.True(result.Killed);
        Assert.True(result.Passed, result.ToString());
    }

    // The claim is made, the orchestration is not scheduled yet.
    private static bool IsRunRecord(StorageRequest request) => request.Method == "PUT" && request.Target.Contains("/runs(PartitionKey='small',RowKey='9", StringComparison.Ordinal);

    private async Task<Sandbox> StartAsync(params (string Pipeline, IReadOnlyDictionary<string, string> Files)[] definitions)
    {
        var sandbox = await Sandbox.CreateAsync(fixture.Emulator, Stop);
        foreach (var (_, files) in definitions)
        {
            await sandbox.UploadAsync("pipelines", files, Stop);
        }

        await sandbox.UploadAsync("landing", Landing.First(rows: 40), Stop);
        Assert.True(await sandbox.StartAppAsync(Stop));
        return sandbox;
    }
}
