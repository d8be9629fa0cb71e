using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Models;

/// <summary>Scores by recency, frequency and monetary value as a pipeline declares them, and who moves from segment to segment.</summary>
public sealed class RfmRunTests(MedallionFixture medallion)
{
    private const string Sources = "sources: {f: {connector: file, path: $/*.csv, columns: {who: {type: varchar}, day: {type: date}, amount: {type: bigint}}}}";

    [Fact]
    public async Task Run_Rfm_ScoresKeysAndTellsWhoMoved()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources}\nrfm: {{who: {{from: silver.f, key: who, date: day, amount: amount, scores: 2, segments: {{Best: recency_score = 2 and monetary_score = 2, Recent: recency_score = 2}}, other: Rest}}}}");
        await pipeline.LandAsync("a.csv", "who,day,amount\na,2024-01-01,1\nb,2024-01-02,2\nc,2024-02-01,3\nd,2024-02-02,400\nd,2024-02-03,1\n");
        await pipeline.SucceedAsync();

        Assert.Equal(["a|33|1|1|Rest", "b|32|1|2|Rest", "c|2|1|3|Best", "d|0|2|401|Best"], await pipeline.QueryAsync("select who, recency_days, frequency, monetary, segment from gold.who order by who"));
        Assert.Empty(await pipeline.QueryAsync("select * from gold.who_migration"));
        Assert.All((await pipeline.SucceedAsync()).Steps, s => Assert.Equal(StepStatus.Unchanged, s.Status));

        await pipeline.LandAsync("b.csv", "who,day,amount\na,2024-03-01,1000\n");
        await pipeline.SucceedAsync();

        Assert.Equal(["a|Best", "b|Rest", "c|Rest", "d|Best"], await pipeline.QueryAsync("select who, segment from gold.who order by who"));
        Assert.Equal(["Best|Rest|1", "Rest|Best|1"], await pipeline.QueryAsync("select from_segment, to_segment, moved from gold.who_migration order by all"));
        Assert.Equal(["a|Rest|false", "a|Best|true"], await pipeline.QueryAsync("select who, segment, is_current from gold.who_history where who = 'a' order by valid_from"));
    }

    [Theory]
    [InlineData("from: silver.g, key: who, date: day, amount: amount", "unknown table 'silver.g'")]
    [InlineData("from: silver.f, key: whom, date: day, amount: amount", "whom")]
    [InlineData("from: silver.f, key: who, date: day", "rfm 'who' has no 'amount'")]
    [InlineData("from: silver.f, key: who, date: day, amount: amount, scores: 1", "'scores' of rfm 'who' is '1': expected a whole number from 2 to 100")]
    [InlineData("from: silver.f, key: who, date: day, amount: amount, segments: {Best: score > 3}", "the condition of the segment 'Best' cannot be read")]
    [InlineData("from: silver.f, key: 'who; drop', date: day, amount: amount", "'key' of rfm 'who' is 'who; drop': expected the name of a column")]
    public async Task Define_RfmThatCannotBe_IsRefusedAtItsLine(string rfm, string message)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Sources}\nrfm: {{who: {{{rfm}}}}}");

        var refused = await pipeline.RefusedAsync();

        Assert.Contains(refused.Problems, p => p.Message.Contains(message, StringComparison.Ordinal) && p.File == "pipeline.yaml");
    }
}
