using System.Globalization;
using Pipeline.Medallion.Clustering;

namespace Pipeline.Medallion.Tests.Clustering;

/// <summary>The same as scikit-learn's KMeans from the same first centroids.</summary>
public sealed class KMeansReferenceTests
{
    private const double InertiaTolerance = 5e-5;

    // Rows whose two nearest centroids are equally far, but for what 32 bits cannot tell.
    private const double TieTolerance = 1e-5;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Train_FiftyRandomSets_IsScikitLearnsResult(bool portable)
    {
        for (var number = 0; number < ReferenceData.Expected.Random.Count; number++)
        {
            var matrix = ReferenceData.Matrix(ReferenceData.Random(number, out var columns), columns);
            AssertSame(number.ToString(CultureInfo.InvariantCulture), matrix, ReferenceData.Expected.Random[number], portable);
        }
    }

    [Theory]
    [InlineData("penguins")]
    [InlineData("iris")]
    [InlineData("cars")]
    [InlineData("movies")]
    [InlineData("flights")]
    [InlineData("gapminder")]
    [InlineData("weather")]
    [InlineData("wind")]
    public void Train_RealSet_IsScikitLearnsResult(string name) => AssertSame(name, ReferenceData.Real(name), ReferenceData.Expected.Real[name], portable: false);

    private static void AssertSame(string name, FeatureMatrix matrix, ExpectedClusters expected, bool portable)
    {
        var options = new KMeansOptions { K = expected.K, Centroids = ReferenceData.Rows(matrix, expected.First), Threads = 2, Portable = portable };
        var found = new KMeansTrainer().Train(matrix, options, CancellationToken.None);

        Assert.True(found.Model.Converged, name);
        Assert.True(found.Model.Iterations - expected.Iterations is >= -1 and <= 1, $"{name}: {found.Model.Iterations} iterations, {expected.Iterations} expected");
        Assert.True(Math.Abs(found.Model.Inertia - expected.Inertia) <= InertiaTolerance * expected.Inertia, $"{name}: inertia {found.Model.Inertia}, {expected.Inertia} expected");
        Assert.Equal(expected.Labels.Length, found.Labels.Length);
        for (var row = 0; row < expected.Labels.Length; row++)
        {
            var (label, other) = (found.Labels.Span[row], expected.Labels[row]);
            if (label != other)
            {
                var (mine, theirs) = (Distance(matrix, row, found.Model, label), Distance(matrix, row, found.Model, other));
                Assert.True(Math.Abs(mine - theirs) <= TieTolerance * (mine + theirs), $"{name}: row {row} is in {label} at {mine}, {other} at {theirs} expected");
            }
        }
    }

    private static double Distance(FeatureMatrix matrix, int row, KMeansModel model, int cluster) =>
        Math.Sqrt(matrix.Row(row).Select((x, i) => Math.Pow(x - ((model.Centroids[cluster][i] - matrix.Offsets[i]) / matrix.Scales[i]), 2)).Sum());
}
