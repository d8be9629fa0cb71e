using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

/// <summary>What a source may say of models that score its rows.</summary>
public sealed class ScoreDefinitionTests(MedallionFixture medallion)
{
    private const string Clusters = "clusters:\n  load: {from: silver.orders, key: [id], features: {amount: }}\n";

    [Fact]
    public void Compile_Score_IsNoReasonToCleanAfterTheModel()
    {
        var pipeline = TestDefinition.Compile(medallion, $"{TestDefinition.Orders}    score: [load]\n{Clusters}");

        Assert.Equal(["load"], Assert.Single(pipeline.Definition.Sources).Score);
        Assert.Equal(
            ["bronze.orders|0", "silver.orders|1", "gold.load_clusters|2", "gold.load_centroids|3"],
            pipeline.Steps.Select(s => $"{s.Table}|{s.Level}"));
        Assert.Equal(
            ["load_cluster", "load_distance", "load_anomaly_score", "load_anomaly"],
            pipeline.DescriptionsOf(TableKey.Parse("silver.orders")).Where(d => d.Value.Contains("model load", StringComparison.Ordinal)).Select(d => d.Key));
    }

    [Fact]
    public void Compile_Score_IsPartOfWhatSilverFollows()
    {
        var without = TestDefinition.Compile(medallion, $"{TestDefinition.Orders}{Clusters}");
        var with = TestDefinition.Compile(medallion, $"{TestDefinition.Orders}    score: [load]\n{Clusters}");

        Assert.Equal(["silver.orders"], without.Steps.Zip(with.Steps).Where(s => s.First.Definition != s.Second.Definition).Select(s => s.First.Table.ToString()));
    }

    [Theory]
    [InlineData("    score: [lod]\n" + Clusters, "pipeline.yaml:9: 'score' of source 'orders' names 'lod', which is no model of clusters of this pipeline: expected load")]
    [InlineData("    score: [load]\n", "pipeline.yaml:9: 'score' of source 'orders' names 'load', which is no model of clusters of this pipeline: expected one below 'clusters', of which there is none")]
    [InlineData("    score: [load, load]\n" + Clusters, "pipeline.yaml:9: 'score' of source 'orders' names 'load' more than once: name each model once")]
    [InlineData("    score: load\n" + Clusters, "pipeline.yaml:9: 'score' in source 'orders' is 'load': expected a list of values, such as [a, b]")]
    [InlineData("    score: [load]\nclusters:\n  load: {from: silver.orders, key: [id], features: {_quality: }}\n", "pipeline.yaml:9: 'score' of source 'orders': model 'load' looks at '_quality', which is not a column of the source: expected one of id, amount")]
    [InlineData("      load_anomaly: {type: boolean}\n    score: [load]\n" + Clusters, "pipeline.yaml:10: model 'load' gives rows of source 'orders' the column 'load_anomaly', which is one of the source: rename the column, or the model")]
    [InlineData("    score: [load]\n" + Clusters + "  more: {from: silver.orders, key: [id], features: {load_distance: }}\n", "pipeline.yaml:12: clusters 'more' look at 'load_distance' of silver.orders, which is what a model says of its rows: expected columns of the source: id, amount")]
    public void Compile_ScoreThatCannotBe_IsRefusedWithItsLine(string more, string expected) =>
        Assert.Equal(expected, TestDefinition.Problem(medallion, TestDefinition.Orders + more));

    // The model may learn from another table, in which the column has another type.
    [Fact]
    public void Compile_ModelOfColumnsOfAnotherType_IsRefusedWithItsLine()
    {
        var problem = TestDefinition.Problem(
            medallion,
            $"{TestDefinition.Orders}      kind: {{type: varchar}}\n    score: [load]\nclusters:\n  load: {{from: gold.kinds, key: [id], features: {{kind: {{scale: robust}}}}}}\n",
            ("models/gold/kinds.sql", "select id, length(kind) as kind from silver.orders"));

        Assert.Equal("pipeline.yaml:10: 'score' of source 'orders': model 'load' cannot look at its columns: features: 'kind' is text, and 'scale' is not for such columns.", problem);
    }
}
