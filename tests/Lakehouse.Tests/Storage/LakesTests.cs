using Azure.Core;
using Pipeline.Lakehouse.Storage;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Storage;

public sealed class LakesTests(AzuriteFixture azurite)
{
    private static readonly TokenCredential Credential = DelegatedTokenCredential.Create((_, _) => throw new InvalidOperationException("No request is expected."));

    [Fact]
    public async Task Open_ConnectionString_IsABlobLakeThatAnswers()
    {
        var lake = Lakes.Open(new LakeOptions { ConnectionString = azurite.ConnectionString }, Credential);
        Assert.IsType<BlobLake>(lake);
        Assert.Null(await lake.FindAsync(new LakePath("no-such-container", "file"), default));
    }

    [Fact]
    public void Open_BlobEndpoint_IsABlobLake() =>
        Assert.IsType<BlobLake>(Lakes.Open(new LakeOptions { BlobEndpoint = new Uri("https://house.blob.core.windows.net") }, Credential));

    [Fact]
    public void Open_NothingOrBoth_ThrowsTerminal()
    {
        Assert.Throws<TerminalException>(() => Lakes.Open(new LakeOptions(), Credential));
        Assert.Throws<TerminalException>(() => Lakes.Open(
            new LakeOptions { ConnectionString = azurite.ConnectionString, BlobEndpoint = new Uri("https://house.blob.core.windows.net") }, Credential));
    }

    [Fact]
    public void Open_HierarchicalInTheLocalBuild_ThrowsTerminalThatNamesTheBuild()
    {
        var error = Assert.Throws<TerminalException>(() => Lakes.Open(new LakeOptions { ConnectionString = azurite.ConnectionString, Hierarchical = true }, Credential));
        Assert.Contains("AzureSdk=nuget", error.Message, StringComparison.Ordinal);
    }
}
