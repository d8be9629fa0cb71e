using System.Globalization;
using Pipeline.Faults.Streaming;

namespace Pipeline.Faults.Tests;

/// <summary>A seeded ten of some kinds of `dotnet run --project tests/Faults -- streaming`, on one sandbox.</summary>
public sealed class StreamFaultTests(StreamFixture fixture) : IClassFixture<StreamFixture>
{
    private const int Faults = 3;
    private const int Events = 600;

    /// <summary>Environment variable PIPELINE_FAULTS_SEED; 1 without it.</summary>
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("PIPELINE_FAULTS_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    public static TheoryData<string> Kinds => ["kill"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Faults_WhileEventsFlow_LoseNothingAndDoubleNothing(string kind)
    {
        var fault = StreamFaults.Few.Single(f => f.Kind == kind);
        var wanted = new KindResult { Kind = kind, Description = fault.Description, Seed = Seed, Events = Events, Faults = Faults };

        var result = await new StreamRun(fixture.Sandbox, Tell).PlayAsync(fault, wanted, TestContext.Current.CancellationToken);
        ResultTable.Lines([result]).ToList().ForEach(Tell);

        Assert.Empty(result.Problems);
        Assert.Equal((Events, Faults), (result.Events, result.Faults));
        Assert.Equal(new Verdict { Windows = result.Verdict.Windows }, result.Verdict);
        Assert.NotEqual(0, result.Verdict.Windows);
    }

    private static void Tell(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
