using Pipeline.Lakehouse;
using Pipeline.Medallion.Clustering;

namespace Pipeline.Medallion.Tests.Clustering;

public sealed class ClusterCountTests
{
    private static readonly ClusterCount Count = new(new KMeansTrainer());

    [Theory]
    [InlineData("penguins")]
    [InlineData("iris")]
    [InlineData("cars")]
    [InlineData("gapminder")]
    public void Mean_AllRows_IsScikitLearnsSilhouette(string name)
    {
        var (matrix, expected) = (ReferenceData.Real(name), ReferenceData.Expected.Real[name]);
        var silhouette = Silhouette.Sample(matrix, matrix.Rows, seed: 1);

        Assert.Equal(expected.Silhouette, silhouette.Mean([.. expected.Labels.Select(l => (ushort)l)], expected.K), 1e-5);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(2000)]
    public void Choose_FiveClouds_FindsFive(int sampleRows)
    {
        var choice = Choose(Clouds(5), new ClusterCountOptions { SampleRows = sampleRows });

        Assert.Equal(5, choice.Clusters.Model.K);
        Assert.Equal(Enumerable.Range(2, 9), choice.Candidates.Select(c => c.K));
        Assert.Equal(choice.Candidates.Select(c => c.Inertia).OrderDescending(), choice.Candidates.Select(c => c.Inertia));
        Assert.True(choice.Candidates.Single(c => c.K == 5).Silhouette > 0.8);
    }

    [Fact]
    public void Choose_Twice_GivesTheSame()
    {
        var options = new ClusterCountOptions { SampleRows = 50, Most = 6, Training = new KMeansOptions { K = 1, Seed = 9, Threads = 2 } };
        var matrix = Clouds(3);

        Assert.Equal(Json.Write(Choose(matrix, options).Candidates), Json.Write(Choose(matrix, options with { Training = options.Training with { Threads = 1 } }).Candidates));
    }

    [Fact]
    public void Choose_FewDistinctRows_StopsThere()
    {
        var choice = Choose(ReferenceData.Matrix([1, 1, 1, 5, 5, 9, 9, 9], 1), new ClusterCountOptions());

        Assert.Equal([2, 3], choice.Candidates.Select(c => c.K));
        Assert.Equal(3, choice.Clusters.Model.K);
    }

    [Fact]
    public void Choose_NothingToCompare_SaysSo()
    {
        Assert.Contains("at least 3 were expected", Error([1, 2], new ClusterCountOptions()), StringComparison.Ordinal);
        Assert.Contains("no rows to cluster", Error([], new ClusterCountOptions()), StringComparison.Ordinal);
        Assert.Contains("goes from 5 to 4", Error([1, 2], new ClusterCountOptions { Least = 5, Most = 4 }), StringComparison.Ordinal);
        Assert.Contains("no more than 1 that differ", Error([3, 3, 3, 3], new ClusterCountOptions()), StringComparison.Ordinal);

        static string Error(float[] values, ClusterCountOptions options) => Assert.Throws<TerminalException>(() => Choose(ReferenceData.Matrix(values, 1), options)).Message;
    }

    private static ClusterChoice Choose(FeatureMatrix matrix, ClusterCountOptions options) => Count.Choose(matrix, options, CancellationToken.None);

    private static FeatureMatrix Clouds(int clouds)
    {
        var random = new SplitMix(11);
        return ReferenceData.Matrix([.. Enumerable.Range(0, 600).SelectMany(i => new[] { (float)((i % clouds * 10) + random.NextNormal()), (float)((i % clouds * i % clouds * 7) + random.NextNormal()) })], 2);
    }
}
