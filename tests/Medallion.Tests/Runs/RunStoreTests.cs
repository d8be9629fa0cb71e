using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Runs;

public sealed class RunStoreTests(MedallionFixture medallion)
{
    private readonly RunStore runs = medallion.Floor.GetRequiredService<RunStore>();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Claim_TwentyAtOnce_GrantsOneAndNamesItToTheOthers()
    {
        var pipeline = TestPipeline.FreshName();

        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => runs.ClaimAsync(RunRequest.For(pipeline), (_, _) => Task.FromResult<bool?>(null), Cancelled)));

        var granted = Assert.Single(claims, c => c.Granted);
        Assert.All(claims, c => Assert.Equal(granted.RunId, c.RunId));
        Assert.Equal(granted.RunId, Assert.Single(await runs.ListAsync(pipeline, 10, Cancelled)).Id);
    }

    [Fact]
    public async Task Claim_HolderThatEnded_IsTakenOverWithALargerNumber()
    {
        var pipeline = TestPipeline.FreshName();
        var numbers = new List<long>();
        var last = "";
        for (var i = 0; i < 5; i++)
        {
            last = (await runs.ClaimAsync(RunRequest.For(pipeline), (_, _) => Task.FromResult<bool?>(false), Cancelled)).RunId;
            Assert.True(RunStore.TryParse(last, out _, out var number));
            numbers.Add(number);
        }

        Assert.Equal(numbers.Order().Distinct(), numbers);
        Assert.True(await runs.HoldsAsync(last, Cancelled));
        Assert.False(await runs.HoldsAsync($"{pipeline}.{numbers[0]}", Cancelled));
    }

    [Fact]
    public async Task Claim_HolderThatNeverBegan_IsTakenOverAfterAMinute()
    {
        var clock = new ManualClock();
        var store = medallion.Compose(clock).GetRequiredService<RunStore>();
        var pipeline = TestPipeline.FreshName();
        var first = await store.ClaimAsync(RunRequest.For(pipeline), (_, _) => Task.FromResult<bool?>(null), Cancelled);

        clock.Advance(TimeSpan.FromSeconds(59));
        var soon = await store.ClaimAsync(RunRequest.For(pipeline), (_, _) => Task.FromResult<bool?>(null), Cancelled);
        clock.Advance(TimeSpan.FromSeconds(2));
        var later = await store.ClaimAsync(RunRequest.For(pipeline), (_, _) => Task.FromResult<bool?>(null), Cancelled);

        Assert.Equal((false, first.RunId), (soon.Granted, soon.RunId));
        Assert.True(later.Granted);
        Assert.NotEqual(first.RunId, later.RunId);
    }

    [Fact]
    public async Task Claim_ClockThatWentBack_StillGivesALargerNumber()
    {
        var clock = new ManualClock();
        var store = medallion.Compose(clock).GetRequiredService<RunStore>();
        var pipeline = TestPipeline.FreshName();
        var first = await store.ClaimAsync(RunRequest.For(pipeline), (_, _) => Task.FromResult<bool?>(false), Cancelled);
        clock.Advance(TimeSpan.FromHours(-1));

        var second = await store.ClaimAsync(RunRequest.For(pipeline), (_, _) => Task.FromResult<bool?>(false), Cancelled);

        Assert.Equal(NumberOf(first) + 1, NumberOf(second));

        static long NumberOf(RunClaim claim) => RunStore.TryParse(claim.RunId, out _, out var number) ? number : 0;
    }

    [Fact]
    public async Task End_Twice_KeepsTheFirst()
    {
        var claim = await runs.ClaimAsync(RunRequest.For(TestPipeline.FreshName()), (_, _) => Task.FromResult<bool?>(null), Cancelled);

        await runs.EndAsync(claim.RunId, RunStatus.Failed, new string('e', 50_000), new Dictionary<string, decimal?> { ["m"] = 1.5m, ["none"] = null }, Cancelled);
        await runs.EndAsync(claim.RunId, RunStatus.Succeeded, null, new Dictionary<string, decimal?>(), Cancelled);

        var run = Assert.IsType<RunRecord>(await runs.FindAsync(claim.RunId, Cancelled));
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Equal(4002, run.Error!.Length);
        Assert.Equal(1.5m, run.Metrics["m"]);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("a.b")]
    [InlineData(".5")]
    [InlineData("a.-5")]
    public async Task Find_NoRun_IsNull(string id) => Assert.Null(await runs.FindAsync(id, Cancelled));

    [Fact]
    public async Task Steps_OfARun_AreRememberedInTheOrderOfThePlan()
    {
        var steps = medallion.Floor.GetRequiredService<StepStore>();
        var run = $"{TestPipeline.FreshName()}.1";
        var (bronze, silver, gold) = (TableKey.Parse("bronze.z"), TableKey.Parse("silver.y"), TableKey.Parse("gold.x"));
        var plan = new RunPlan
        {
            RunId = run,
            PlanId = "1",
            Pipeline = "p",
            Definition = "",
            Number = 1,
            TimeUtc = default,
            Versions = new Dictionary<TableKey, long> { [bronze] = 7 },
            Steps =
            [
                new PlannedStep { Table = bronze, Kind = StepKind.Ingest, Level = 0, Unchanged = true },
                new PlannedStep { Table = silver, Kind = StepKind.Clean, Level = 1 },
                new PlannedStep { Table = gold, Kind = StepKind.Model, Level = 2 },
            ],
        };

        await steps.PlanAsync(plan, Cancelled);
        await steps.BeginAsync(run, silver, Cancelled);
        await steps.FailAsync(run, silver, "first attempt", Cancelled);
        await steps.BeginAsync(run, silver, Cancelled);
        await steps.EndAsync(run, new StepResult { Table = silver, Status = StepStatus.Succeeded, Versions = new Dictionary<TableKey, long> { [silver] = 3 } }, new RowBooks { In = 5, Inserted = 4, Rejected = 1 }, "noted", Cancelled);
        await steps.SkipAsync(run, [gold], Cancelled);

        var found = await steps.ListAsync(run, Cancelled);
        Assert.Equal([bronze, silver, gold], found.Select(s => s.Table));
        Assert.Equal([StepStatus.Unchanged, StepStatus.Succeeded, StepStatus.Skipped], found.Select(s => s.Status));
        Assert.Equal((5, 4, 1, 3, "noted", null), (found[1].RowsIn, found[1].RowsOut, found[1].RowsRejected, found[1].Version, found[1].Note, found[1].Error));
        Assert.Equal(7, found[0].Version);
    }
}
