using Pipeline.Lakehouse;
using Pipeline.Medallion.Clustering;

namespace Pipeline.Medallion.Tests.Clustering;

/// <summary>The trainer that only the nuget build has.</summary>
public sealed class MlNetTrainerTests
{
    private static readonly MlNetTrainer Trainer = new();

    [Fact]
    public void Train_Iris_ComesNearTheBuiltInResult()
    {
        var matrix = ReferenceData.Real("iris");
        var options = new KMeansOptions { K = 3, Threads = 1 };
        var (theirs, ours) = (Trainer.Train(matrix, options, CancellationToken.None), new KMeansTrainer().Train(matrix, options, CancellationToken.None));

        Assert.Equal("mlnet", theirs.Model.Trainer);
        Assert.Equal(150, theirs.Model.Sizes.Sum());
        Assert.Equal(150, theirs.Labels.Length);
        Assert.InRange(theirs.Model.Inertia, ours.Model.Inertia * 0.999, ours.Model.Inertia * 2);
    }

    [Fact]
    public void Train_GivenCentroids_IsRefused() => Assert.Contains(
        "trainer: mlnet takes no first centroids",
        Assert.Throws<TerminalException>(() => Trainer.Train(ReferenceData.Matrix([1, 2], 1), new KMeansOptions { K = 1, Centroids = [[1]] }, CancellationToken.None)).Message,
        StringComparison.Ordinal);
}
