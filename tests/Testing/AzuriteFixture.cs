using Pipeline.Local.Emulators;
using Xunit;

namespace Pipeline.Testing;

/// <summary>One Azurite in memory for a whole test assembly: [assembly: AssemblyFixture(typeof(AzuriteFixture))].</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private const string OtherAccount = "elsewhere";
    private Azurite? azurite;

    /// <summary>The connection string of the running emulator.</summary>
    public string ConnectionString => azurite?.ConnectionString ?? throw new InvalidOperationException("Azurite is not running.");

    /// <summary>The connection string of another account of it.</summary>
    public string OtherConnectionString => Azurite.ConnectionStringFor(BlobPort, BlobPort + 1, BlobPort + 2, OtherAccount);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => azurite = await Azurite.StartAsync(folder: null, blobPort: null, [Azurite.AccountName, OtherAccount], CancellationToken.None);

    private int BlobPort => azurite?.BlobPort ?? throw new InvalidOperationException("Azurite is not running.");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => azurite?.DisposeAsync() ?? ValueTask.CompletedTask;
}
