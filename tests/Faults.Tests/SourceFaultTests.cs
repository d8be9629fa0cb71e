using System.Globalization;
using Pipeline.Faults.Sources;
using Pipeline.Local.Emulators;

namespace Pipeline.Faults.Tests;

/// <summary>A seeded few of `dotnet run --project tests/Faults -- sources`.</summary>
public sealed class SourceFaultTests(RehearsalFixture fixture)
{
    /// <summary>Environment variable PIPELINE_FAULTS_SEED; 1 without it.</summary>
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("PIPELINE_FAULTS_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    [Fact]
    public async Task Kills_WhileExtractingAndServing_LoseNothingAndDoubleNothing()
    {
        Assert.True(Postgres.IsInstalled);
        string[] kinds = [SourceKills.Kinds[Seed % 2], SourceKills.Kinds[2 + (Seed % 2)]];

        var result = await new SourceKills(fixture.Emulator, Seed).PlayAsync(kills: 1, kinds, text => TestContext.Current.TestOutputHelper?.WriteLine(text), TestContext.Current.CancellationToken);

        Assert.Empty(result.Problems);
        Assert.Equal(kinds.Order(), result.Kills.Where(k => k.Value > 0).Select(k => k.Key).Order());
    }
}
