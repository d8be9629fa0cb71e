using Pipeline.Local.Emulators;
using Xunit;

namespace Pipeline.Testing;

/// <summary>One Kafka-protocol broker for a whole test assembly: [assembly: AssemblyFixture(typeof(BrokerFixture))].</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private Broker? broker;

    /// <summary>The running broker.</summary>
    public Broker Broker => broker ?? throw new InvalidOperationException("The broker is not running.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => broker = await Broker.StartAsync([], port: null, CancellationToken.None);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => broker?.DisposeAsync() ?? ValueTask.CompletedTask;
}
