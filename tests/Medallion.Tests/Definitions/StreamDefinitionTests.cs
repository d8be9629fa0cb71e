using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

public sealed class StreamDefinitionTests
{
    private const string Source = "name: shop\nsources:\n  sales:\n    connector: eventhub\n    columns: {id: {type: bigint}, label: {type: varchar}, amount: {type: double}, at_time: {type: timestamp}}\n";
    private const string Aggregate = Source + "aggregates:\n  a:\n    ";

    [Theory]
    [InlineData("every batch", 0)]
    [InlineData("every 1s", 1)]
    [InlineData("every 5m", 300)]
    [InlineData(null, 10)]
    public void Read_Land_IsHowLongEventsWait(string? land, int seconds)
    {
        var (definition, problems) = Read(Source + (land is null ? "" : $"    land: {land}\n"));

        Assert.Empty(problems);
        Assert.Equal(TimeSpan.FromSeconds(seconds), Assert.Single(definition.Sources).Stream?.Land);
    }

    [Fact]
    public void Read_Aggregate_HasItsParts()
    {
        var (definition, problems) = Read(Aggregate + "from: sales\n    time: at_time\n    window: 1m every 15s\n    lateness: 2h\n    by: [label]\n    values: {n: count(*), total: sum(amount), mean: avg(amount)}\n    mode: event\n");

        Assert.Empty(problems);
        var aggregate = Assert.Single(definition.Aggregates);
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(15), TimeSpan.FromHours(2), LiveMode.Event), (aggregate.Size, aggregate.Every, aggregate.Lateness, aggregate.Mode));
        Assert.Equal([new("n", AggregateFunction.Count, null), new("total", AggregateFunction.Sum, "amount"), new("mean", AggregateFunction.Avg, "amount")], aggregate.Values);
    }

    [Theory]
    [InlineData(Source + "    path: a/*.json\n", "6: source 'sales' has 'path', which is for files")]
    [InlineData(Source + "    land: every 10 days\n", "6: 'land' is 'every 10 days': expected every batch, or every 1s to every 5m")]
    [InlineData(Source + "    land: every 6m\n", "6: 'land' is 'every 6m'")]
    [InlineData(Source + "    land: every 0s\n", "6: 'land' is 'every 0s'")]
    [InlineData(Source + "    evolution: evolve\n", "6: source 'sales' has the evolution 'evolve'")]
    [InlineData("name: shop\nsources:\n  sales:\n    connector: eventhub\n", "4: source 'sales' has no contract")]
    [InlineData("name: shop\nsources:\n  sales:\n    connector: file\n    path: a.csv\n    land: every 1s\n", "6: source 'sales' has 'land', which is for the connector eventhub")]
    [InlineData(Aggregate + "{from: orders, time: at_time, window: 1m, values: {n: count(*)}}\n", "8: aggregate 'a' is of 'orders', which is no stream of this pipeline: expected sales")]
    [InlineData(Aggregate + "{from: sales, time: label, window: 1m, values: {n: count(*)}}\n", "8: 'time' of aggregate 'a' names 'label', which is a varchar: expected a timestamp")]
    [InlineData(Aggregate + "{from: sales, time: at_time, window: 1m, by: [city], values: {n: count(*)}}\n", "8: 'by' of aggregate 'a' names 'city', which is not a column of sales: id, label, amount, at_time")]
    [InlineData(Aggregate + "{from: sales, time: at_time, window: 1m, values: {n: sum(label)}}\n", "8: 'values' of aggregate 'a' computes with 'label', which is a varchar: expected a number")]
    [InlineData(Aggregate + "{from: sales, time: at_time, window: 1m, values: {n: median(amount)}}\n", "8: the value 'n' of aggregate 'a' is 'median(amount)'")]
    [InlineData(Aggregate + "{from: sales, time: at_time, window: 1m, values: {n: sum(*)}}\n", "8: the value 'n' of aggregate 'a' is 'sum(*)'")]
    [InlineData(Aggregate + "{from: sales, time: at_time, window: 1m every 7s, values: {n: count(*)}}\n", "8: the window of aggregate 'a' is '1m every 7s'")]
    [InlineData(Aggregate + "{from: sales, time: at_time, window: soon, values: {n: count(*)}}\n", "8: 'soon' is no length of time for 'window'")]
    [InlineData(Aggregate + "{from: sales, time: at_time, window: 1m}\n", "has no values")]
    public void Read_WhatCannotWork_IsRefusedWithItsLine(string yaml, string expected)
    {
        var (_, problems) = Read(yaml);

        Assert.Contains(problems, p => $"{p.Line}: {p.Message}".Contains(expected, StringComparison.Ordinal));
    }

    private static (PipelineDefinition Definition, List<DefinitionProblem> Problems) Read(string yaml) =>
        DefinitionReader.Read(new DefinitionFiles { Name = "shop", Files = new SortedDictionary<string, string> { ["pipeline.yaml"] = yaml } });
}
