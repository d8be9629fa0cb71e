using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Deletes what lies below a table's root and that neither the table nor its past of 7 days knows: files of commits that never were, and files that
/// were replaced.</summary>
/// <param name="lake">Where the table lies.</param>
/// <param name="clock">What the age of files is measured by.</param>
/// <param name="scratch">A local directory for reading checkpoints; by default that of the system.</param>
public sealed class DeltaVacuum(ILake lake, TimeProvider clock, string? scratch = null)
{
    private const string LogFolder = "_delta_log";
    private const int ParallelDeletes = 8;

    /// <summary>How long a file is kept after it was written, and a version after it was replaced.</summary>
    public static TimeSpan Floor { get; } = TimeSpan.FromDays(7);

    /// <summary>Deletes a table's dead files, or lists them. A repeat after a failure goes on where it ended.</summary>
    /// <remarks>Alive is every file that a version of the last 7 days had, and every file whose relative path is in the text of one of their domains.
    /// Commits may go on meanwhile: a file old enough to be deleted is too old for them. Only a restore to a version older than 7 days may find a file that
    /// is deleted the next moment; do not start one while a vacuum runs.</remarks>
    /// <param name="root">The table's directory.</param>
    /// <param name="dryRun">True: nothing is deleted.</param>
    /// <param name="cancellationToken">Ends it between two files.</param>
    /// <exception cref="TerminalException">There is no table, it is of a protocol not known here, it has files elsewhere, or another table lies below it.</exception>
    /// <exception cref="TransientException">The storage did not answer.</exception>
    public async Task<VacuumResult> RunAsync(LakePath root, bool dryRun, CancellationToken cancellationToken)
    {
        var oldest = clock.GetUtcNow() - Floor;
        var old = new List<LakeFile>();
        await foreach (var file in lake.ListAsync(root, cancellationToken))
        {
            var path = Relative(root, file);
            if (path.Contains($"/{LogFolder}/", StringComparison.Ordinal))
            {
                throw new TerminalException($"Another table lies below the table {root}: '{path}'. A vacuum would take its files; move it.");
            }

            if (!path.StartsWith($"{LogFolder}/", StringComparison.Ordinal) && file.ModifiedUtc < oldest)
            {
                old.Add(file);
            }
        }

        // The log is read after the listing: what was committed meanwhile is known.
        var live = await LiveFiles.ReadAsync(lake, root, new DeltaTable(lake, root, clock, scratch), oldest, cancellationToken);
        LakeFile[] dead = [.. old.Where(file => !live.Contains(Relative(root, file)))];
        if (!dryRun)
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelDeletes, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(dead, options, async (file, token) => await lake.DeleteAsync(file.Path, token));
        }

        return new VacuumResult { Files = [.. dead.Select(file => Relative(root, file))], Bytes = dead.Sum(file => file.SizeBytes), DryRun = dryRun };
    }

    private static string Relative(LakePath root, LakeFile file) => root.Path.Length == 0 ? file.Path.Path : file.Path.Path[(root.Path.Length + 1)..];
}

/// <summary>What a vacuum deleted.</summary>
public sealed record VacuumResult
{
    /// <summary>Relative to the table's root, as on the lake.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Their size together.</summary>
    public required long Bytes { get; init; }

    /// <summary>True: they are still there.</summary>
    public required bool DryRun { get; init; }
}
