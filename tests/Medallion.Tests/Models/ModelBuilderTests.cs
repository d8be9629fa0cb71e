using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Models;

public sealed class ModelBuilderTests(MedallionFixture medallion)
{
    [Fact]
    public async Task Build_KeyThatIsNotUnique_FailsAndKeepsTheTable()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, "sources:\n  f: {connector: file, path: $/*.csv}\nmodels:\n  gold.m: {key: [a]}", ("gold.m", "select a, b from silver.f"));
        await pipeline.LandAsync("f.csv", "a,b\n1,x\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("g.csv", "a,b\n1,y\n");

        var report = await pipeline.RunAsync();

        Assert.Equal("gold.m has 2 rows with a = 1, but its key (a) allows one. Correct models/gold/m.sql or the key in pipeline.yaml. Nothing was committed.", report["gold.m"].Error);
        Assert.Equal(["1|x"], await pipeline.QueryAsync("select a, b from gold.m"));
    }

    [Fact]
    public async Task Build_UnknownColumnOfADetectedSource_FailsItsStepOnly()
    {
        var pipeline = await TestPipeline.CreateAsync(
            medallion, "sources:\n  f: {connector: file, path: $/*.csv}", ("gold.bad", "select nothing from silver.f"), ("gold.after", "select * from gold.bad"), ("gold.good", "select a from silver.f"));
        await pipeline.LandAsync("f.csv", "a\n1\n");

        var report = await pipeline.RunAsync();

        Assert.Equal((StepStatus.Failed, StepStatus.Skipped, StepStatus.Succeeded), (report["gold.bad"].Status, report["gold.after"].Status, report["gold.good"].Status));
        Assert.Contains("\"nothing\" not found", report["gold.bad"].Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_RunTime_IsTheRunsForEveryAttempt()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, "sources:\n  f: {connector: file, path: $/*.csv, columns: {a: {type: bigint}}}", ("gold.m", "select a, run_time() as at from silver.f"));
        await pipeline.LandAsync("f.csv", "a\n1\n");

        var report = await pipeline.SucceedAsync();

        Assert.Equal(report.Plan.TimeUtc.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture), await pipeline.ScalarAsync("select strftime(\"at\", '%Y-%m-%d %H:%M:%S.%f') from gold.m"));
    }

    [Fact]
    public async Task End_MetricThatCannotBeMeasured_FailsTheRunWithItsName()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, "sources:\n  f: {connector: file, path: $/*.csv}\nmetrics:\n  m: {from: silver.f, expr: \"any_value(b)\"}");
        await pipeline.LandAsync("f.csv", "a,b\n1,text\n");

        var report = await pipeline.RunAsync();

        Assert.Equal(RunStatus.Failed, report.Run.Status);
        Assert.Contains("Metric 'm' cannot be measured", report.Run.Error, StringComparison.Ordinal);
    }
}
