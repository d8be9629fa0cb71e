using System.Globalization;
using Pipeline.Faults.Lakes;
using Pipeline.Faults.Parsers;

namespace Pipeline.Faults.Tests;

/// <summary>A seeded tenth and less of `dotnet run --project tests/Faults -- contention`, `-- lakehouse` and `-- parsers`.</summary>
public sealed class LakehouseFaultTests(RehearsalFixture fixture)
{
    /// <summary>Environment variable PIPELINE_FAULTS_SEED; 1 without it.</summary>
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("PIPELINE_FAULTS_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Contention_FourProcessesTwentyAppends_EveryCommitIsThereOnce()
    {
        var result = await Contention.PlayAsync(fixture.Emulator, processes: 4, appends: 20, Stop);

        Assert.Empty(result.Problems);
        Assert.Equal((80, 80), (result.Commits, result.Rows));
    }

    [Fact]
    public async Task Kills_TwentyDuringAppendsOptimizesAndVacuums_LoseNothingAndDoubleNothing()
    {
        var result = await new LakehouseKills(fixture.Emulator, Seed).PlayAsync(kills: 20, Tell, Stop);

        Assert.Empty(result.Problems);
        Assert.InRange(result.Acknowledged, 20, int.MaxValue);
    }

    [Fact]
    public async Task Parsers_ThousandDamagedInputs_AreRefusedOrRejected()
    {
        var result = await new ParserFuzz(Seed).PlayAsync(from: 0, count: 1000, Tell, Stop);

        Assert.Empty(result.Problems);
    }

    private static void Tell(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
