using Pipeline.Lakehouse;
using Pipeline.Medallion.Clustering;

namespace Pipeline.Medallion.Tests.Clustering;

public sealed class KMeansTrainerTests
{
    private static readonly KMeansTrainer Trainer = new();

    // Every width of tile: eight, four and single centroids.
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(15)]
    [InlineData(20)]
    public void Train_AnyNumberOfThreadsAndEitherPath_GivesTheSameBytes(int k)
    {
        var matrix = ReferenceData.Matrix(Clouds(rows: 5003, columns: 3, clouds: 9), 3);
        var options = new KMeansOptions { K = k, Seed = 42, Restarts = 2, Threads = 1, MaxIterations = 20 };
        var one = Train(matrix, options);

        foreach (var other in new[] { options, options with { Threads = 2 }, options with { Threads = 3 }, options with { Threads = 8 }, options with { Threads = 2, Portable = true } })
        {
            var found = Train(matrix, other);
            Assert.Equal(Json.Write(one.Model), Json.Write(found.Model));
            Assert.True(one.Labels.Span.SequenceEqual(found.Labels.Span));
        }
    }

    [Fact]
    public void Train_AnotherSeed_BeginsElsewhere()
    {
        var matrix = ReferenceData.Matrix(Clouds(rows: 2000, columns: 4, clouds: 30), 4);
        var options = new KMeansOptions { K = 6, Restarts = 1 };

        Assert.NotEqual(Json.Write(Train(matrix, options).Model.Centroids), Json.Write(Train(matrix, options with { Seed = 2 }).Model.Centroids));
    }

    [Fact]
    public void Train_MoreRestarts_NeverHasMoreInertia()
    {
        var matrix = ReferenceData.Matrix(Clouds(rows: 1000, columns: 2, clouds: 12), 2);
        var inertias = new[] { 1, 3, 9 }.Select(restarts => Train(matrix, new KMeansOptions { K = 12, Restarts = restarts }).Model.Inertia).ToList();

        Assert.Equal(inertias.OrderDescending(), inertias);
    }

    [Fact]
    public void Train_CloudsFarApart_FindsEachOfThem()
    {
        float[] values = [.. Enumerable.Range(0, 400).SelectMany(i => new[] { (i % 4 * 100) + (i * 0.001f), i % 2 })];
        var found = Train(ReferenceData.Matrix(values, 2), new KMeansOptions { K = 4 });

        Assert.Equal([100, 100, 100, 100], found.Model.Sizes);
        Assert.All(Enumerable.Range(0, 400), i => Assert.Equal(found.Labels.Span[i % 4], found.Labels.Span[i]));
        Assert.Equal([0.198, 100.199, 200.2, 300.201], found.Model.Centroids.Select(c => Math.Round(c[0], 3)).Order());
    }

    [Fact]
    public void Train_ClusterThatLosesAllRows_GetsTheFarthestRow()
    {
        // The third centroid is nobody's nearest; the row at 100 is farthest from its own.
        float[] values = [0, 1, 2, 10, 11, 12, 100];
        var found = Train(ReferenceData.Matrix(values, 1), new KMeansOptions { K = 3, Centroids = [[1], [11], [1000]] });

        Assert.Equal([3, 3, 1], found.Model.Sizes);
        Assert.Equal([1, 11, 100], found.Model.Centroids.Select(c => Math.Round(c[0], 4)));
    }

    [Fact]
    public void Train_EqualCentroids_AreToldApart()
    {
        float[] values = [0, 1, 2, 10, 11, 12, 100, 101];
        var found = Train(ReferenceData.Matrix(values, 1), new KMeansOptions { K = 3, Centroids = [[5], [5], [5]] });

        // The two farthest rows become clusters of their own.
        Assert.Equal([1, 1, 6], found.Model.Sizes.Order());
    }

    [Fact]
    public void Train_OneRow_IsItsOwnCentroid()
    {
        var found = Train(ReferenceData.Matrix([7, -3], 2), new KMeansOptions { K = 1 });

        Assert.Equal([7.0, -3.0], found.Model.Centroids[0]);
        Assert.Equal((0.0, 0), (found.Model.Inertia, found.Labels.Span[0]));
    }

    [Fact]
    public void Train_ConstantColumn_ChangesNothing()
    {
        var rows = Clouds(rows: 300, columns: 2, clouds: 3);
        float[] wider = [.. rows.Chunk(2).SelectMany(r => new[] { r[0], 5e6f, r[1] })];
        var options = new KMeansOptions { K = 3 };
        var (narrow, wide) = (Train(ReferenceData.Matrix(rows, 2, FeatureScaling.Standard), options), Train(ReferenceData.Matrix(wider, 3, FeatureScaling.Standard), options));

        Assert.True(narrow.Labels.Span.SequenceEqual(wide.Labels.Span));
        Assert.Equal(narrow.Model.Inertia, wide.Model.Inertia, 1e-9);
        Assert.All(wide.Model.Centroids, c => Assert.Equal(5e6, c[1]));
    }

    [Fact]
    public void Train_AsManyClustersAsDistinctRows_HasNoInertia()
    {
        float[] values = [.. Enumerable.Range(0, 90).Select(i => (float)(i % 3))];

        Assert.Equal(0, Train(ReferenceData.Matrix(values, 1), new KMeansOptions { K = 3 }).Model.Inertia, 1e-12);
    }

    [Theory]
    [InlineData(4, "k is 4 and there are 3 rows, expected: a k of at most 3")]
    [InlineData(3, "k is 3, and the rows fall into no more than 2 that differ from each other; choose a k of at most 2")]
    [InlineData(0, "k is 0, expected: 1 to 65534")]
    public void Train_KThatCannotBe_SaysWhichCan(int k, string message)
    {
        var matrix = ReferenceData.Matrix([1, 5, 5], 1);
        Assert.Contains(message, Assert.Throws<TerminalException>(() => Train(matrix, new KMeansOptions { K = k })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_GivenCentroidsForTooFewDistinctRows_SaysHowMany()
    {
        var error = Assert.Throws<TerminalException>(() => Train(ReferenceData.Matrix([1, 5, 5], 1), new KMeansOptions { K = 3, Centroids = [[1], [5], [9]] }));
        Assert.Contains("choose a k of at most 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_NoRows_SaysSo() =>
        Assert.Contains("no rows", Assert.Throws<TerminalException>(() => Train(ReferenceData.Matrix([], 2), new KMeansOptions { K = 1 })).Message, StringComparison.Ordinal);

    [Fact]
    public void Train_CentroidsThatDoNotFit_SaysWhich()
    {
        var matrix = ReferenceData.Matrix([1, 2, 3, 4], 2);
        Assert.Contains("2 first centroids are given for a k of 1", Message([[1, 1], [2, 2]]), StringComparison.Ordinal);
        Assert.Contains("the first centroid 0 has 1 values, expected: 2", Message([[1]]), StringComparison.Ordinal);
        Assert.Contains("no finite number", Message([[1, double.NaN]]), StringComparison.Ordinal);
        Assert.Contains("the first centroid 0 is too far from the rows", Message([[1, 1e30]]), StringComparison.Ordinal);

        string Message(IReadOnlyList<IReadOnlyList<double>> centroids) =>
            Assert.Throws<TerminalException>(() => Train(matrix, new KMeansOptions { K = 1, Centroids = centroids })).Message;
    }

    [Fact]
    public void Train_Cancelled_Ends()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => Trainer.Train(ReferenceData.Matrix([1, 2], 1), new KMeansOptions { K = 1 }, cancelled.Token));
    }

    [Fact]
    public void Apply_RowsOfTheTraining_GivesTheirClusters()
    {
        var rows = Clouds(rows: 999, columns: 3, clouds: 5);
        var matrix = ReferenceData.Matrix(rows, 3, FeatureScaling.Standard);
        var trained = Train(matrix, new KMeansOptions { K = 5, Tolerance = 0 });
        var applied = KMeansTrainer.Apply(matrix, Json.Read<KMeansModel>(Json.Write(trained.Model)), threads: 2, CancellationToken.None);

        Assert.True(trained.Labels.Span.SequenceEqual(applied.Labels.Span));
        Assert.Equal(trained.Model.Sizes, applied.Model.Sizes);
        Assert.Equal(trained.Model.Inertia, applied.Model.Inertia, trained.Model.Inertia * 1e-12);
        var distances = KMeansTrainer.DistancesOf(matrix, trained, threads: 2, CancellationToken.None);
        Assert.Equal(trained.Model.Inertia, distances.Sum(d => (double)d * d), trained.Model.Inertia * 1e-6);
    }

    private static Clusters Train(FeatureMatrix matrix, KMeansOptions options) => Trainer.Train(matrix, options, CancellationToken.None);

    private static float[] Clouds(int rows, int columns, int clouds)
    {
        var random = new SplitMix(3);
        var centres = Enumerable.Range(0, clouds * columns).Select(_ => random.NextDouble() * 40).ToArray();
        return [.. Enumerable.Range(0, rows * columns).Select(i => (float)(centres[(i / columns % clouds * columns) + (i % columns)] + random.NextNormal()))];
    }
}
