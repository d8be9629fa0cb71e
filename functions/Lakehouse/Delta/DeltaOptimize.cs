using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Packs small files of a table into larger ones: the same rows, file after file in the order they had.</summary>
/// <param name="lake">Where the table lies.</param>
/// <param name="cache">Holds the files while they are read; must have room for the target size.</param>
/// <param name="clock">Gives the commit its time.</param>
/// <param name="targetSizeBytes">About how large a file becomes. Files of half of that and more stay as they are.</param>
public sealed class DeltaOptimize(ILake lake, FileCache cache, TimeProvider clock, long targetSizeBytes = 256L << 20)
{
    private const string Schema = "optimize";

    /// <summary>Packs a table's files in one commit, which appends in between do not disturb.</summary>
    /// <param name="session">Reads and writes; its temporary folder needs room for one file of the target size.</param>
    /// <param name="root">The table's directory.</param>
    /// <param name="invocation">Unique to this attempt: it is part of the files' names.</param>
    /// <param name="cancellationToken">Ends it; without the commit nothing has changed.</param>
    /// <returns>Null where there is nothing to pack, and no commit was made.</returns>
    /// <exception cref="TransientException">A commit in between removed a file that was packed, or changed schema or protocol: the files written are void.</exception>
    /// <exception cref="TerminalException">There is no table, or it is of a protocol not known here.</exception>
    public async Task<CommitResult?> RunAsync(DuckDbSession session, LakePath root, string invocation, CancellationToken cancellationToken) =>
        (await RunAsync(session, root, invocation, dryRun: false, cancellationToken)).Commit;

    /// <summary>Packs a table's files in one commit, or tells which would be packed; see the other overload.</summary>
    /// <param name="session">Reads and writes; its temporary folder needs room for one file of the target size.</param>
    /// <param name="root">The table's directory.</param>
    /// <param name="invocation">Unique to this attempt: it is part of the files' names.</param>
    /// <param name="dryRun">True: nothing is written.</param>
    /// <param name="cancellationToken">Ends it; without the commit nothing has changed.</param>
    public async Task<OptimizeResult> RunAsync(DuckDbSession session, LakePath root, string invocation, bool dryRun, CancellationToken cancellationToken)
    {
        var table = new DeltaTable(lake, root, clock, session.TempDirectory);
        var snapshot = await table.ReadAsync((long?)null, cancellationToken) ?? throw new NoTableException($"There is no table at {root} to optimize.");
        var bins = Bins(snapshot.Files, snapshot.PartitionColumns);
        var result = new OptimizeResult { Files = bins.Sum(bin => bin.Count), Bytes = bins.SelectMany(bin => bin).Sum(file => file.SizeBytes), Into = bins.Count };
        if (bins.Count == 0 || dryRun)
        {
            return result;
        }

        var added = new List<AddFile>();
        for (var number = 0; number < bins.Count; number++)
        {
            added.AddRange(await PackAsync(session, snapshot, bins[number], root, string.Create(CultureInfo.InvariantCulture, $"{invocation}-{number}"), cancellationToken));
        }

        var commit = new DeltaCommit
        {
            Operation = "OPTIMIZE",
            Mode = CommitMode.Replace,
            Schema = snapshot.Schema,
            PartitionColumns = snapshot.PartitionColumns,
            Add = added,
            Remove = [.. bins.SelectMany(bin => bin).Select(file => file.Path)],
            ReadVersion = snapshot.Version,
            DataChange = false,
        };
        return result with { Into = added.Count, Commit = await table.CommitAsync(commit, cancellationToken) };
    }

    // In the order of the snapshot, next fit: rows keep their order within a file, and a file is packed with its neighbours in time.
    private List<List<AddFile>> Bins(IReadOnlyList<AddFile> files, IReadOnlyList<string> partitionColumns)
    {
        var bins = new List<List<AddFile>>();
        foreach (var partition in files.Where(file => file.SizeBytes < targetSizeBytes / 2).GroupBy(file => PartitionPath.ToLocal(partitionColumns, file.PartitionValues)))
        {
            var size = targetSizeBytes;
            foreach (var file in partition)
            {
                if (size + file.SizeBytes > targetSizeBytes)
                {
                    bins.Add([]);
                    size = 0;
                }

                bins[^1].Add(file);
                size += file.SizeBytes;
            }
        }

        return [.. bins.Where(bin => bin.Count > 1)];
    }

    private async Task<IEnumerable<AddFile>> PackAsync(
        DuckDbSession session, DeltaSnapshot snapshot, List<AddFile> bin, LakePath root, string invocation, CancellationToken cancellationToken)
    {
        const string view = "bin";
        using var lease = await new TableReader(cache).CreateViewAsync(session, Schema, view, snapshot with { Files = bin }, root, cancellationToken);
        var columns = snapshot.Schema.Fields.Where(field => !snapshot.PartitionColumns.Contains(field.Name)).Select(field => Sql.Identifier(field.Name));
        var select = $"SELECT {string.Join(", ", columns)} FROM {Sql.Identifier(Schema)}.{Sql.Identifier(view)}";

        // A bin has one partition: its values go into the log by hand, and no sorting by partition disturbs the order. One bin gives one file.
        var files = await new DataFileWriter(lake, fileSizeBytes: 2 * targetSizeBytes).WriteAsync(session, select, root, [], invocation, cancellationToken);
        session.Execute($"DROP SCHEMA {Sql.Identifier(Schema)} CASCADE", cancellationToken);
        var rows = bin.Sum(file => file.Statistics?.Rows);
        return bin.All(file => file.Statistics?.Rows is not null) && files.Sum(file => file.Statistics?.Rows) != rows
            ? throw new TerminalException($"{bin.Count} files of the table {root} should hold {rows} rows by their statistics; {files.Sum(file => file.Statistics?.Rows)} "
                + "were read. Nothing was committed.")
            : files.Select(file => file with { PartitionValues = bin[0].PartitionValues });
    }
}

/// <summary>What was packed, or would be.</summary>
public sealed record OptimizeResult
{
    /// <summary>The files that are packed.</summary>
    public required int Files { get; init; }

    /// <summary>Their size together.</summary>
    public required long Bytes { get; init; }

    /// <summary>How many files they become.</summary>
    public required int Into { get; init; }

    /// <summary>The commit; null where nothing was written.</summary>
    public CommitResult? Commit { get; init; }
}
