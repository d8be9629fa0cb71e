using System.Collections.Concurrent;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>The newest snapshots of tables that are asked for often. They are kept, and held against the log whenever somebody asks: who asks gets what was the newest at a moment after it
/// asked. Those who ask meanwhile wait for one look at the log together, so that many questions cost few requests.</summary>
public sealed class NewestSnapshots(ILake lake, TimeProvider clock)
{
    /// <summary>How many tables are kept.</summary>
    public const int Kept = 256;

    private readonly ConcurrentDictionary<LakePath, Entry> entries = new();

    /// <summary>A table at its newest version; null where there is no table.</summary>
    /// <exception cref="TerminalException">The log is damaged, or the table asks for a newer reader.</exception>
    public async Task<DeltaSnapshot?> ReadAsync(LakePath root, CancellationToken cancellationToken)
    {
        if (entries.Count > Kept && entries.Keys.FirstOrDefault(key => key != root) is { } other)
        {
            entries.TryRemove(other, out _);
        }

        return await entries.GetOrAdd(root, key => new Entry(lake, key, clock)).ReadAsync().WaitAsync(cancellationToken);
    }

    private sealed class Entry(ILake lake, LakePath root, TimeProvider clock)
    {
        private readonly Lock gate = new();
        private readonly DeltaTable table = new(lake, root, clock);
        private readonly DeltaLog log = new(lake, root);
        private Task<DeltaSnapshot?>? looking;
        private Task<DeltaSnapshot?>? next;
        private (DeltaSnapshot Snapshot, string Tag)? known;

        /// <summary>A look at the log that begins after now.</summary>
        public Task<DeltaSnapshot?> ReadAsync()
        {
            lock (gate)
            {
                if (looking is null or { IsCompleted: true } && next is null)
                {
                    return looking = LookAsync();
                }

                return next ??= AfterAsync(looking ?? Task.FromResult<DeltaSnapshot?>(null));
            }
        }

        private async Task<DeltaSnapshot?> AfterAsync(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            lock (gate)
            {
                (looking, next) = (next, null);
            }

            return await LookAsync();
        }

        // A table that was deleted and made anew has another entry under the same number.
        private async Task<DeltaSnapshot?> LookAsync()
        {
            if (known is var (snapshot, tag))
            {
                var newest = lake.FindAsync(log.Commit(snapshot.Version), CancellationToken.None);
                var newer = lake.FindAsync(log.Commit(snapshot.Version + 1), CancellationToken.None);
                await Task.WhenAll(newest, newer);
                if ((await newest)?.ETag == tag && await newer is null)
                {
                    return snapshot;
                }
            }

            var read = await table.ReadAsync((long?)null, CancellationToken.None);
            known = read is not null && await lake.FindAsync(log.Commit(read.Version), CancellationToken.None) is { } entry ? (read, entry.ETag) : null;
            return read;
        }
    }
}
