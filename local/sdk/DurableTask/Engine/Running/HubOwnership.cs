using System.Diagnostics;
using Microsoft.DurableTask.Engine.History;
using Microsoft.DurableTask.Engine.Storage;

namespace Microsoft.DurableTask.Engine.Running;

/// <summary>The lease of a hub, seen from one process. It only avoids useless work: what keeps a former owner from writing are the instances' ETags.</summary>
internal sealed class HubOwnership(IHubStore store, TimeSpan duration, TimeSpan pollInterval, TimeProvider time)
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(2);

    private readonly string owner = Guid.NewGuid().ToString("N");
    private readonly DateTimeOffset processStartedAt = StartOf(Process.GetCurrentProcess());

    /// <summary>Waits until nobody holds the lease, and takes it.</summary>
    public async Task<HubLease> AcquireAsync(CancellationToken cancellationToken)
    {
        var seen = default(HubLease);
        var seenAt = time.GetTimestamp();
        while (true)
        {
            var current = await store.ReadLeaseAsync(cancellationToken);
            if (current?.ETag != seen?.ETag)
            {
                (seen, seenAt) = (current, time.GetTimestamp());
            }

            // A holder whose clock is wrong is still known by not renewing.
            if (current is null || IsFree(current) || time.GetElapsedTime(seenAt) > duration)
            {
                if (await store.TryWriteLeaseAsync(Mine(current?.Epoch + 1 ?? 1, current?.ETag ?? ""), cancellationToken) is { } mine)
                {
                    return mine;
                }

                continue;
            }

            var left = current.ExpiresAt - time.GetUtcNow() + TimeSpan.FromMilliseconds(10);
            await Task.Delay(left < pollInterval ? left : pollInterval, time, cancellationToken);
        }
    }

    /// <summary>Renews the lease until it is lost or the token is cancelled.</summary>
    /// <returns>The lease as last written; null if it is lost.</returns>
    public async Task<HubLease?> KeepAsync(HubLease lease, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await Task.Delay(duration / 3, time, cancellationToken);
                if (await store.TryWriteLeaseAsync(Mine(lease.Epoch, lease.ETag), CancellationToken.None) is not { } renewed)
                {
                    // An answer may have been lost: then the lease is still ours.
                    var current = await store.ReadLeaseAsync(CancellationToken.None);
                    if (current?.Owner != owner)
                    {
                        return null;
                    }

                    renewed = current;
                }

                lease = renewed;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return lease;
            }
            catch (Exception) when (lease.ExpiresAt > time.GetUtcNow())
            {
                // Storage is away for a moment; the lease is not over yet.
            }
        }
    }

    /// <summary>True if this process owns the hub at this moment.</summary>
    public async Task<bool> IsMineAsync(CancellationToken cancellationToken) => (await store.ReadLeaseAsync(cancellationToken))?.Owner == owner;

    /// <summary>Lets the next process have the hub at once.</summary>
    public Task ReleaseAsync(HubLease lease, CancellationToken cancellationToken) =>
        store.TryWriteLeaseAsync(lease with { Owner = "", ExpiresAt = time.GetUtcNow() }, cancellationToken);

    private HubLease Mine(int epoch, string etag) => new()
    {
        Owner = owner,
        Machine = Environment.MachineName,
        ProcessId = Environment.ProcessId,
        ProcessStartedAt = processStartedAt,
        ExpiresAt = time.GetUtcNow() + duration,
        Epoch = epoch,
        ETag = etag,
    };

    private bool IsFree(HubLease lease) => lease.Owner.Length == 0 || lease.ExpiresAt <= time.GetUtcNow() || IsOfDeadProcess(lease);

    private static bool IsOfDeadProcess(HubLease lease)
    {
        if (lease.Machine != Environment.MachineName)
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(lease.ProcessId);
            return (StartOf(process) - lease.ProcessStartedAt).Duration() > ClockTolerance;
        }
        catch (ArgumentException)
        {
            return true;
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ends just now, or is not ours to look at: wait for the lease.
            return false;
        }
    }

    private static DateTimeOffset StartOf(Process process) => new(process.StartTime.ToUniversalTime());
}

/// <summary>Another process works on the hub now.</summary>
internal sealed class LeaseLostException(string hub) : Exception($"Task hub '{hub}' belongs to another process now.");
