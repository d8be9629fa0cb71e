using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Tests.Definitions;

namespace Pipeline.Medallion.Tests.Models;

/// <summary>Models that change their table instead of building it anew.</summary>
public sealed class ModelMergeTests(MedallionFixture medallion)
{
    private const string Source = "sources:\n  f: {connector: file, path: $/*.csv, columns: {a: {type: bigint}, b: {type: varchar}, s: {type: bigint}, gone: {type: boolean}}}\nmodels:\n";

    [Fact]
    public async Task Build_Incremental_MergesByKeyAndDeletesWhatIsMissingOnlyIfAsked()
    {
        var pipeline = await TestPipeline.CreateAsync(
            medallion, $"{Source}  gold.keep: {{key: [a], incremental: true}}\n  gold.exact: {{key: [a], incremental: true, delete: missing}}", ("gold.keep", "select a, b from silver.f"), ("gold.exact", "select a, b from silver.f;"));
        await pipeline.LandAsync("f.csv", "a,b\n1,x\n2,y\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("f.csv", "a,b\n2,z\n3,w\n");
        var second = await pipeline.SucceedAsync();

        Assert.Equal(["1|x", "2|z", "3|w"], await pipeline.QueryAsync("select * from gold.keep order by a"));
        Assert.Equal(["2|z", "3|w"], await pipeline.QueryAsync("select * from gold.exact order by a"));
        Assert.Equal(2, second["gold.keep"].RowsOut);
        Assert.Equal("MERGE", (await HistoryAsync(pipeline, "keep"))[0].Operation);

        var third = await pipeline.SucceedAsync();
        Assert.Equal((StepStatus.Unchanged, StepStatus.Unchanged), (third["gold.keep"].Status, third["gold.exact"].Status));
        Assert.Equal(2, (await HistoryAsync(pipeline, "keep")).Count);

        Assert.Equal(RunStatus.Succeeded, (await pipeline.RunAsync(fullRefresh: true)).Run.Status);
        Assert.Equal(["2|z", "3|w"], await pipeline.QueryAsync("select * from gold.keep order by a"));
    }

    [Fact]
    public async Task Build_IncrementalWithMovedInputAndEqualResult_WritesNoFiles()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Source}  gold.m: {{key: [a], incremental: true}}", ("gold.m", "select a, max(b) as b from silver.f group by a"));
        await pipeline.LandAsync("f.csv", "a,b\n1,x\n2,y\n");
        await pipeline.SucceedAsync();
        var before = await SnapshotAsync(pipeline, "m");
        await pipeline.LandAsync("g.csv", "a,b\n1,a\n");
        await pipeline.SucceedAsync();
        var after = await SnapshotAsync(pipeline, "m");

        Assert.Equal(before.Files.Select(file => file.Path), after.Files.Select(file => file.Path));
        Assert.Equal(before.Version + 1, after.Version);
    }

    [Fact]
    public async Task Build_IncrementalWhoseDefinitionMoved_IsBuiltAnew()
    {
        var definition = $"{Source}  gold.m: {{key: [a], incremental: true}}";
        var pipeline = await TestPipeline.CreateAsync(medallion, definition, ("gold.m", "select a, b from silver.f"));
        await pipeline.LandAsync("f.csv", "a,b\n1,x\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("f.csv", "a,b\n2,y\n");
        await pipeline.DefineAsync(definition, ("gold.m", "select a, length(b) as n from silver.f"));
        await pipeline.SucceedAsync();
        Assert.Equal(["2|1"], await pipeline.QueryAsync("select * from gold.m"));
    }

    [Theory]
    [InlineData("a,b\n,x\n", "1 of the rows that come into the table", "have null in the key (a)")]
    [InlineData("a,b\n7,x\n7,y\n", "2 rows that come into the table", "a = 7")]
    public async Task Build_IncrementalWithABadKey_FailsNamingIt(string rows, params string[] messages)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Source}  gold.m: {{key: [a], incremental: true}}", ("gold.m", "select a, b from silver.f"));
        await pipeline.LandAsync("f.csv", rows);
        var error = (await pipeline.RunAsync())["gold.m"].Error ?? "";
        Assert.All(messages, message => Assert.Contains(message, error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Build_History_KeepsEveryStateThroughRefreshes()
    {
        var pipeline = await TestPipeline.CreateAsync(
            medallion,
            $"{Source}  gold.h: {{key: [a], history: {{sequence: s, delete: gone}}}}",
            ("gold.h", "select a, b, s, gone from silver.f"),
            ("gold.now", "select a, b, valid_from from gold.h where is_current"));
        await pipeline.LandAsync("f.csv", "a,b,s,gone\n1,x,1,false\n2,y,1,false\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("f.csv", "a,b,s,gone\n1,z,5,false\n2,,4,true\n1,late,3,false\n");
        await pipeline.SucceedAsync();
        string[] expected = ["1|x|1|3|false|false", "1|late|3|5|false|false", "1|z|5|null|true|false", "2|y|1|4|false|false", "2|null|4|null|false|true"];
        const string states = "select a, b, valid_from, valid_to, is_current, is_deleted from gold.h order by a, valid_from";
        Assert.Equal(expected, await pipeline.QueryAsync(states));
        Assert.Equal(["1|z|5"], await pipeline.QueryAsync("select * from gold.now"));

        Assert.Equal(StepStatus.Unchanged, (await pipeline.SucceedAsync())["gold.h"].Status);
        Assert.Equal(RunStatus.Succeeded, (await pipeline.RunAsync(fullRefresh: true)).Run.Status);
        Assert.Equal(expected, await pipeline.QueryAsync(states));
    }

    [Fact]
    public async Task Build_ModelThatBecomesAHistory_BeginsOne()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Source}  gold.h: {{key: [a]}}", ("gold.h", "select a, b, s from silver.f"));
        await pipeline.LandAsync("f.csv", "a,b,s\n1,x,1\n");
        await pipeline.SucceedAsync();
        await pipeline.DefineAsync($"{Source}  gold.h: {{key: [a], history: {{sequence: s}}}}", ("gold.h", "select a, b, s from silver.f"));
        await pipeline.SucceedAsync();
        Assert.Equal(["1|x|1|null|true"], await pipeline.QueryAsync("select a, b, valid_from, valid_to, is_current from gold.h"));
    }

    [Theory]
    [InlineData("{incremental: true}", "pipeline.yaml:6: model 'gold.m' goes by key, but has none: add key: [COLUMN]")]
    [InlineData("{history: {sequence: id}}", "pipeline.yaml:6: model 'gold.m' goes by key, but has none: add key: [COLUMN]")]
    [InlineData("{key: [id], incremental: true, history: {sequence: id}}", "pipeline.yaml:6: model 'gold.m' has both 'incremental' and 'history'")]
    [InlineData("{key: [id], delete: missing}", "pipeline.yaml:6: model 'gold.m' has 'delete'")]
    [InlineData("{key: [id], incremental: true, delete: all}", "pipeline.yaml:6: 'delete' in model 'gold.m' is 'all': expected one of keep, missing")]
    [InlineData("{key: [id], history: {}}", "pipeline.yaml:6: 'history' has no 'sequence'")]
    [InlineData("{key: [id], history: {sequence: nothing}}", "models/gold/m.sql:1: A history needs the column 'nothing'")]
    [InlineData("{key: [id], history: {sequence: amount, delete: amount}}", "models/gold/m.sql:1: The history ends keys by the column 'amount', a")]
    public void Compile_BadMergeOptions_AreRefusedWithLine(string model, string expected)
    {
        var problem = TestDefinition.Problem(
            medallion,
            $"name: shop\nsources:\n  orders: {{connector: file, path: shop/orders.csv, columns: {{id: {{type: bigint}}, amount: {{type: double}}}}}}\nmetrics: {{}}\nmodels:\n  gold.m: {model}\n",
            ("models/gold/m.sql", "select id, amount from silver.orders"));
        Assert.StartsWith(expected, problem, StringComparison.Ordinal);
    }

    private static async Task<DeltaSnapshot> SnapshotAsync(TestPipeline pipeline, string name) =>
        await Open(pipeline, name).ReadAsync(null, TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("There is no table.");

    private static Task<IReadOnlyList<HistoryEntry>> HistoryAsync(TestPipeline pipeline, string name) => Open(pipeline, name).HistoryAsync(10, TestContext.Current.CancellationToken);

    private static DeltaTable Open(TestPipeline pipeline, string name) => new LakeTables(pipeline.Lake, TimeProvider.System).Open(pipeline.Name, new TableKey("gold", name));
}
