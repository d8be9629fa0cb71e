using Microsoft.DurableTask.Converters;

namespace Microsoft.DurableTask.Engine;

/// <summary>Settings of a task hub; the worker fills them from host.json (extensions.durableTask) and the configuration.</summary>
internal sealed record DurableTaskHubOptions
{
    /// <summary>Name of the hub; the names of its tables begin with it. Letters and digits, beginning with a letter.</summary>
    public required string HubName { get; init; }

    /// <summary>The storage account that holds the hub's tables.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>How many activities run at a time.</summary>
    public int MaxConcurrentActivities { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>How many orchestrators run at a time; waiting ones do not count.</summary>
    public int MaxConcurrentOrchestrators { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>The version that new instances get (host.json defaultVersion).</summary>
    public string DefaultVersion { get; init; } = "";

    /// <summary>Which instances this version of the app may go on with (host.json versionMatchStrategy); the others fail, saying so (versionFailureStrategy Fail).</summary>
    public VersionMatch VersionMatch { get; init; } = VersionMatch.None;

    /// <summary>How inputs, outputs and events become JSON and come back.</summary>
    public DataConverter DataConverter { get; init; } = new JsonDataConverter(new() { IncludeFields = true, PropertyNameCaseInsensitive = true });

    /// <summary>How long the hub belongs to a process that shows no sign of life.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How often the owner looks for messages that other processes left, and a standby process for the lease.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a stop waits for running activities; those still running then start again with the next owner.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
