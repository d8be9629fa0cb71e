using System.Globalization;
using Pipeline.Faults.Cases;
using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Tests;

/// <summary>A tenth of the fault programme: of every ten writes one, and one of its moments, are chosen by a seed. The whole is `dotnet run --project tests/Faults`.</summary>
public abstract class KillTests(RehearsalFixture fixture)
{
    private const int PerTenth = 10;

    /// <summary>Environment variable PIPELINE_FAULTS_SEED; 1 without it.</summary>
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("PIPELINE_FAULTS_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    protected async Task CoversAsync(Stage stage, int tenths)
    {
        // The hub's lease is renewed every two seconds, however long a run takes.
        var writes = (await fixture.ExpectedAsync(stage)).Writes.Count(w => !w.Contains("'lease'", StringComparison.Ordinal));
        Assert.InRange(writes, (tenths - 1) * PerTenth, (tenths * PerTenth) + (PerTenth / 2));
    }

    protected async Task PassesAsync(Stage stage, int tenth)
    {
        var random = new Random(HashCode(stage, tenth));
        var write = (tenth * PerTenth) + 1 + random.Next(PerTenth);
        var moments = Enum.GetValues<Moment>();
        random.Shuffle(moments);
        foreach (var moment in moments.Take(1))
        {
            await PassesAsync(new KillCase { Stage = stage, Write = write, Moment = moment });
        }
    }

    protected async Task PassesAsync(KillCase played)
    {
        ArgumentNullException.ThrowIfNull(played);
        var result = await fixture.Rehearsal.PlayAsync(played, await fixture.ExpectedAsync(played.Stage), TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        Assert.True(result.Passed, $"{result}{Environment.NewLine}Once more: dotnet run --project tests/Faults -- {result.Case}");
    }

    private static int HashCode(Stage stage, int tenth) => (Seed * 1000) + ((int)stage * 100) + tenth;
}

public sealed class FirstRunKillTests(RehearsalFixture fixture) : KillTests(fixture)
{
    private const int Tenths = 11;

    public static TheoryData<int> EveryTenth => [.. Enumerable.Range(0, Tenths)];

    [Fact]
    public Task EveryTenth_FirstRun_CoversItsWrites() => CoversAsync(Stage.First, Tenths);

    [Theory]
    [MemberData(nameof(EveryTenth))]
    public Task Kill_AtAWriteOfTheFirstRun_CompletesByItselfExactlyOnce(int tenth) => PassesAsync(Stage.First, tenth);
}

public sealed class ChangedFilesKillTests(RehearsalFixture fixture) : KillTests(fixture)
{
    private const int Tenths = 6;

    public static TheoryData<int> EveryTenth => [.. Enumerable.Range(0, Tenths)];

    [Fact]
    public Task EveryTenth_RunOfChangedFiles_CoversItsWrites() => CoversAsync(Stage.Changed, Tenths);

    [Theory]
    [MemberData(nameof(EveryTenth))]
    public Task Kill_AtAWriteOfARunOfChangedFiles_CompletesByItselfExactlyOnce(int tenth) => PassesAsync(Stage.Changed, tenth);

    [Theory]
    [InlineData(12, 3)]
    [InlineData(22, 14)]
    public Task Kill_OnceMoreDuringRecovery_CompletesByItselfExactlyOnce(int write, int again) =>
        PassesAsync(new KillCase { Stage = Stage.Changed, Write = write, Moment = Moment.After, WriteOfRecovery = again });
}
