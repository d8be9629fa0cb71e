using Pipeline.Local.Emulators;
using Xunit;

namespace Pipeline.Testing;

/// <summary>One Azurite in memory for a whole test assembly: [assembly: AssemblyFixture(typeof(AzuriteFixture))].</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private Azurite? azurite;

    /// <summary>The connection string of the running emulator.</summary>
    public string ConnectionString => azurite?.ConnectionString ?? throw new InvalidOperationException("Azurite is not running.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => azurite = await Azurite.StartAsync(folder: null, blobPort: null, CancellationToken.None);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => azurite?.DisposeAsync() ?? ValueTask.CompletedTask;
}
