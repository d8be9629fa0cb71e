using Pipeline.Testing;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace Pipeline.Lakehouse.Tests;

public sealed class AzuriteTests(AzuriteFixture azurite)
{
    [Fact]
    public void ConnectionString_Running_NamesThePorts() => Assert.Contains("BlobEndpoint=http://127.0.0.1:", azurite.ConnectionString, StringComparison.Ordinal);
}
