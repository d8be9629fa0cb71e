using Pipeline.Medallion.Tests.Quality;

namespace Pipeline.Medallion.Tests.Schemas;

/// <summary>What becomes of fields that a source's contract does not know.</summary>
public sealed class EvolutionTests(MedallionFixture medallion)
{
    private const string Contract = "id: {type: bigint, required: true}\nname: {expr: \"upper(Title)\", type: varchar}";
    private const string First = "id,Title\n1,a\n";
    private const string Later = "id,Title,Extra,More\n2,b,7,\n3,c,,\n4,d,8,x\n";

    [Fact]
    public async Task Contract_WithoutEvolution_LeavesThemInBronze()
    {
        var pipeline = await RunAsync("");

        Assert.Equal(["1|A", "2|B", "3|C", "4|D"], await pipeline.QueryAsync("select id, name from silver.f order by id"));
        Assert.Equal(["7"], await pipeline.QueryAsync("select \"Extra\" from bronze.f where id = '2'"));
        Assert.Empty(await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Evolve_AddsThemAsColumns()
    {
        var pipeline = await RunAsync("evolution: evolve");

        Assert.Equal(["1|A|null|null", "2|B|7|null", "3|C|null|null", "4|D|8|x"], await pipeline.QueryAsync("select id, name, extra, more from silver.f order by id"));
        Assert.Equal(["id|BIGINT", "name|VARCHAR", "extra|BIGINT", "more|VARCHAR"], [.. (await pipeline.AnswerAsync("select id, name, extra, more from silver.f")).Columns.Select(c => $"{c.Name}|{c.Type}")]);
        Assert.Equal(["BIGINT"], await pipeline.QueryAsync("select distinct typeof(extra) from silver.f"));

        // The contract that is registered has grown with it.
        var registry = (Medallion.Schemas.SchemaRegistry)pipeline.Floor.GetService(typeof(Medallion.Schemas.SchemaRegistry))!;
        Assert.Contains("\"Extra\"", (await registry.FindLatestAsync($"{pipeline.Name}.f", TestContext.Current.CancellationToken))!.Schema.Text, StringComparison.Ordinal);

        // What no longer fits is of a wider type.
        await pipeline.LandAsync("c.csv", "id,Title,Extra,More\n5,e,1.5,\n");
        await pipeline.SucceedAsync();
        Assert.Equal(["2|7", "4|8", "5|1.5"], await pipeline.QueryAsync("select id, extra from silver.f where extra is not null order by id"));
        Assert.Equal(Medallion.Runs.StepStatus.Unchanged, (await pipeline.SucceedAsync())["silver.f"].Status);
    }

    [Fact]
    public async Task Freeze_RejectsRowsThatHaveOne()
    {
        var pipeline = await RunAsync("evolution: freeze");

        Assert.Equal(["1|A", "3|C"], await pipeline.QueryAsync("select id, name from silver.f order by id"));
        Assert.Equal(["""2|unexpected-fields|{"Extra":"7"}""", """4|unexpected-fields|{"Extra":"8","More":"x"}"""], await pipeline.QueryAsync("select json_extract_string(raw, '$.id'), failures[1].rule, failures[1].value from rejected.f order by row"));
        Assert.Equal(["unexpected-fields 2/4"], (await pipeline.VerdictAsync()).Checks());
    }

    [Fact]
    public async Task Discard_KeepsThemBesideTheRow()
    {
        var pipeline = await RunAsync("evolution: discard");

        Assert.Equal(["1|A|null", """2|B|{"Extra":"7"}""", "3|C|null", """4|D|{"Extra":"8","More":"x"}"""], await pipeline.QueryAsync("select id, name, _rescued from silver.f order by id"));
        Assert.Empty(await pipeline.RejectedAsync("f"));
    }

    [Theory]
    [InlineData("", "1|null 2|7 3|null 4|null", "5|null", "extra-type")]
    [InlineData("evolution: evolve, ", "1|null 2|7 3|null 4|8", "5|x", "")]
    [InlineData("evolution: freeze, ", "1|no 3|no", "", "unexpected-fields unexpected-fields unexpected-fields")]
    [InlineData("evolution: discard, ", "1|null 2|{\"Extra\":\"7\"} 3|null 4|{\"Extra\":\"8\"}", "5|{\"Extra\":\"x\"}", "")]
    public async Task Detected_Source_EvolvesLikewise(string evolution, string rows, string last, string rejected)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"sources: {{f: {{connector: file, {evolution}path: $/*.csv}}}}");
        await pipeline.LandAsync("a.csv", "id,Title\n1,a\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("b.csv", "id,Title,Extra\n2,b,7\n3,c,\n4,d,8\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("c.csv", "id,Title,Extra\n5,e,x\n");
        await pipeline.SucceedAsync();

        var value = evolution.Contains("discard", StringComparison.Ordinal) ? "_rescued" : evolution.Contains("freeze", StringComparison.Ordinal) ? "'no'" : "extra";
        var found = await pipeline.QueryAsync($"select id, {value} from silver.f order by id");

        Assert.Equal(evolution.Length == 0 ? ["1|null", "2|7", "3|null", "4|8"] : [.. rows.Split(' '), .. last.Length == 0 ? [] : new[] { last }], found);
        Assert.Equal(rejected, string.Join(' ', await pipeline.QueryAsync("select failures[1].rule from rejected.f")));
    }

    private async Task<TestPipeline> RunAsync(string evolution)
    {
        var pipeline = await QualityPipeline.CreateAsync(medallion, Contract, evolution);
        await pipeline.LandAsync("a.csv", First);
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("b.csv", Later);
        await pipeline.SucceedAsync();
        return pipeline;
    }
}
