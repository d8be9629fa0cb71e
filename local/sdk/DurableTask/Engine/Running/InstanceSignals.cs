using System.Collections.Concurrent;

namespace Microsoft.DurableTask.Engine.Running;

/// <summary>Tells clients of this process that an instance has changed, so that they need not poll often.</summary>
internal sealed class InstanceSignals
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> changes = new(StringComparer.Ordinal);

    /// <summary>Ends with the next change after this call.</summary>
    public Task NextChange(string instanceId) => changes.GetOrAdd(instanceId, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Raise(string instanceId)
    {
        if (changes.TryRemove(instanceId, out var change))
        {
            change.SetResult();
        }
    }
}
