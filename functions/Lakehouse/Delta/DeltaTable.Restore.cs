using System.Collections.Concurrent;
using System.Globalization;

namespace Pipeline.Lakehouse.Delta;

public sealed partial class DeltaTable
{
    private const int ParallelLookups = 8;
    private const int FilesNamed = 10;

    /// <summary>Makes the table what it was at a time; see <see cref="RestoreAsync(long, CancellationToken)"/>.</summary>
    /// <exception cref="UnknownVersionException">The time lies before the oldest version that can be read, or there is no table.</exception>
    public async Task<CommitResult> RestoreAsync(DateTimeOffset asOf, CancellationToken cancellationToken) =>
        await RestoreAsync(await log.VersionAtAsync(asOf, cancellationToken) ?? throw NoTable(), cancellationToken);

    /// <summary>Makes the table what it was at a version, by a new commit: rows, schema, partitioning, properties, transactions and domains. The
    /// versions in between stay readable; the protocol stays the newest.</summary>
    /// <remarks>A step whose state goes back with its table takes again what it had taken since. It conflicts with commits in between as an overwrite
    /// does, and with any change of a transaction or domain.</remarks>
    /// <exception cref="UnknownVersionException">The version is gone or never was, or there is no table.</exception>
    /// <exception cref="TerminalException">Files of that version are gone, or the table is append-only or of a protocol not known here.</exception>
    /// <exception cref="TransientException">A commit in between makes this one void, or the storage did not answer.</exception>
    public async Task<CommitResult> RestoreAsync(long version, CancellationToken cancellationToken)
    {
        var current = await LoadAsync(null, cancellationToken) ?? throw NoTable();
        var then = await LoadAsync(version, cancellationToken) ?? throw NoTable();
        await CheckFilesAreThereAsync(then, current, cancellationToken);
        var snapshot = then.Snapshot();
        var commit = new DeltaCommit
        {
            Operation = "RESTORE",
            Mode = CommitMode.Overwrite,
            Schema = snapshot.Schema,
            PartitionColumns = snapshot.PartitionColumns,
            ReadVersion = current.Version,
            RestoresState = true,
            Metrics = new Dictionary<string, string> { ["restoredVersion"] = version.ToString(CultureInfo.InvariantCulture) },
        };
        return await CommitAsync(commit, (table, now) => RestorePlan.Actions(root, commit, then, table ?? throw NoTable(), now), cancellationToken);
    }

    private async Task CheckFilesAreThereAsync(TableState then, TableState current, CancellationToken cancellationToken)
    {
        var missing = new ConcurrentBag<string>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelLookups, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(then.Files.Keys.Where(path => !current.Files.ContainsKey(path)), options, async (path, token) =>
        {
            if (await lake.FindAsync(root.Append(PartitionPath.FromLog(path)), token) is null)
            {
                missing.Add(path);
            }
        });
        if (!missing.IsEmpty)
        {
            var named = string.Join(", ", missing.Order(StringComparer.Ordinal).Take(FilesNamed).Select(path => $"'{path}'"));
            throw new TerminalException($"The table {root} cannot go back to version {then.Version}: {missing.Count} of its files are gone, taken by a "
                + $"vacuum: {named}{(missing.Count > FilesNamed ? " and others" : "")}. Choose a newer version.");
        }
    }

    private UnknownVersionException NoTable() => new($"There is no table at {root} that could be restored.");
}
