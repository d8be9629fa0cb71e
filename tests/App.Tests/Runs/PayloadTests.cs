using System.Globalization;
using System.Text;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.App.Runs;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.App.Tests.Runs;

/// <summary>What an orchestration sends and gets stays small: long messages slow every replay down.</summary>
public sealed class PayloadTests
{
    private const int LimitBytes = 32 << 10;

    [Fact]
    public void Payloads_HundredSources_StaySmall()
    {
        var names = Enumerable.Range(0, 100).Select(i => string.Create(CultureInfo.InvariantCulture, $"a_source_with_a_lengthy_name_{i:D3}")).ToList();
        var bronze = names.Select(n => new PlannedStep { Table = new("bronze", n), Kind = StepKind.Ingest, Level = 0, Version = 12345, Rebuild = true, Parts = 1 });
        var silver = names.Select(n => new PlannedStep { Table = new("silver", n), Kind = StepKind.Clean, Level = 1, Inputs = [new("bronze", n)], Rebuild = true });
        var gold = new PlannedStep { Table = new("gold", "everything"), Kind = StepKind.Model, Level = 2, Inputs = [.. names.Select(n => new TableKey("silver", n))], Rebuild = true };
        var plan = new RunPlan
        {
            RunId = "many.1700000000000",
            Pipeline = "many",
            PlanId = new string('c', 32),
            Definition = new string('a', 64),
            Number = 1700000000000,
            TimeUtc = DateTimeOffset.UnixEpoch,
            Versions = new[] { "bronze", "silver", "rejected" }.SelectMany(layer => names.Select(n => new TableKey(layer, n))).ToDictionary(t => t, _ => 12345L),
            Steps = [.. bronze, .. silver, gold],
        }.Due();
        var run = new RunProgress(plan, NullLogger.Instance);
        foreach (var step in plan.Steps)
        {
            run.Fail(step.Table, new(nameof(InvalidOperationException), new string('x', 100_000), null, null, null));
        }

        var parts = Enumerable.Range(0, 200).Select(part => new LandedPart(part, new string('b', 32))).ToList();
        object[] payloads =
        [
            plan,
            run.WorkOf(gold) with { Landed = [.. parts.Take(100)] },
            run.WorkOf(plan.Steps[100]) with { Split = new SplitStep(new string('s', 32), 100, 100, 100), Landed = parts, Buckets = [.. parts.Take(100)] },
            run.End(),
        ];
        Assert.All(payloads, payload => Assert.InRange(Encoding.UTF8.GetByteCount(JsonDataConverter.Default.Serialize(payload)!), 1000, LimitBytes));
    }

    [Fact]
    public void Due_SomeUnchanged_KeepsWhatTheOthersRead()
    {
        TableKey bronze = new("bronze", "a"), silver = new("silver", "a"), gold = new("gold", "b");
        var plan = new RunPlan
        {
            RunId = "p.1", Pipeline = "p", PlanId = "", Definition = "", Number = 1, TimeUtc = DateTimeOffset.UnixEpoch,
            Versions = new Dictionary<TableKey, long> { [bronze] = 4, [silver] = 5, [gold] = 6 },
            Steps =
            [
                new() { Table = bronze, Kind = StepKind.Ingest, Level = 0, Unchanged = true },
                new() { Table = silver, Kind = StepKind.Clean, Level = 1, Inputs = [bronze], Unchanged = true },
                new() { Table = gold, Kind = StepKind.Model, Level = 2, Inputs = [silver] },
            ],
        }.Due();

        Assert.Equal([gold], plan.Steps.Select(s => s.Table));
        Assert.Equal(2, plan.UnchangedSteps);
        Assert.Equal([KeyValuePair.Create(silver, 5L)], plan.Versions);
    }
}
