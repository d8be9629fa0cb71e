using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Engine;
using Microsoft.Extensions.Logging.Abstractions;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.DurableTask;

/// <summary>A hub of its own for a test, in Azurite.</summary>
internal static class HubTest
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    public static DurableTaskHubOptions Options(AzuriteFixture azurite) => new()
    {
        HubName = "h" + Guid.NewGuid().ToString("N")[..20],
        ConnectionString = azurite.ConnectionString,
        MaxConcurrentActivities = 8,
        MaxConcurrentOrchestrators = 8,
        LeaseDuration = TimeSpan.FromSeconds(1),
        PollInterval = TimeSpan.FromMilliseconds(100),
        StopTimeout = TimeSpan.FromSeconds(2),
    };

    public static async Task<DurableTaskHub> StartAsync(DurableTaskHubOptions options, Functions functions)
    {
        var hub = new DurableTaskHub(options, functions, NullLoggerFactory.Instance, TimeProvider.System);
        await hub.StartAsync(CancellationToken.None);
        return hub;
    }

    /// <summary>Starts an orchestration and waits for its end.</summary>
    public static async Task<OrchestrationMetadata> RunAsync(this DurableTaskHub hub, string orchestrator, object? input = null)
    {
        var id = await hub.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, CancellationToken.None);
        return await hub.EndOfAsync(id);
    }

    /// <summary>Waits for an instance's end.</summary>
    public static async Task<OrchestrationMetadata> EndOfAsync(this DurableTaskHub hub, string instanceId)
    {
        using var late = new CancellationTokenSource(Deadline);
        return await hub.Client.WaitForInstanceCompletionAsync(instanceId, getInputsAndOutputs: true, late.Token);
    }

    /// <summary>Waits until something is so.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var late = new CancellationTokenSource(Deadline);
        while (!await condition())
        {
            await Task.Delay(10, late.Token);
        }
    }
}
