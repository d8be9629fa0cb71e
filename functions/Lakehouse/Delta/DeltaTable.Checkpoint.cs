namespace Pipeline.Lakehouse.Delta;

public sealed partial class DeltaTable
{
    /// <summary>Makes up for a checkpoint that a commit was to write and could not: ten commits or more lie behind the last one.</summary>
    /// <param name="dryRun">True: nothing is written.</param>
    /// <param name="cancellationToken">Ends it; a checkpoint is there whole or not at all.</param>
    /// <returns>The version of the checkpoint; null where none is due, or there is no table.</returns>
    /// <exception cref="TransientException">The storage did not answer.</exception>
    public async Task<long?> CheckpointIfDueAsync(bool dryRun, CancellationToken cancellationToken)
    {
        if (await log.FindAsync(null, cancellationToken) is not { } segment || segment.Version - Math.Max(0, segment.CheckpointVersion) < CommitsPerCheckpoint)
        {
            return null;
        }

        if (!dryRun && await LoadAsync(segment.Version, cancellationToken) is { } table)
        {
            await checkpoint.WriteAsync(table, log.LastCheckpoint, clock.GetUtcNow(), cancellationToken);
        }

        return segment.Version;
    }
}
