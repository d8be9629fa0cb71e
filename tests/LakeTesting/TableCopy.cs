using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.LakeTesting;

/// <summary>A table's directory copied to local disk, for the reader that knows nothing of lakes.</summary>
public sealed class TableCopy : IDisposable
{
    private const int ParallelDownloads = 8;
    private readonly ILake lake;
    private readonly LakePath root;
    private readonly string folder = Directory.CreateTempSubdirectory("table-copy-").FullName;

    private readonly DuckDbSession? own;

    /// <summary>Copies nothing yet.</summary>
    /// <param name="lake">Where the table lies.</param>
    /// <param name="root">Its directory.</param>
    /// <param name="session">Reads Parquet; null opens one.</param>
    public TableCopy(ILake lake, LakePath root, DuckDbSession? session = null)
    {
        this.lake = lake;
        this.root = root;
        Session = session ?? (own = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, Threads = 1 }));
        Reader = new SpecReader(Session, Table);
    }

    /// <summary>Reads the copy.</summary>
    public SpecReader Reader { get; }

    /// <summary>The reader's Parquet reader.</summary>
    public DuckDbSession Session { get; }

    private string Table => Path.Combine(folder, "table");

    /// <summary>Makes the copy what the lake holds now: files that are written once are copied once, files that are gone go.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.Combine(Table, "_delta_log"));
        var found = await lake.ListAsync(root, cancellationToken).ToListAsync(cancellationToken);
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelDownloads, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(found, options, async (file, token) =>
        {
            var local = Local(file);
            var isWrittenOnce = !local.Contains("checkpoint", StringComparison.Ordinal);
            if (!(isWrittenOnce && File.Exists(local)))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(local) ?? folder);
                await lake.DownloadAsync(file.Path, local, ifMatch: null, token);
            }
        });
        var there = found.Select(Local).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in Directory.EnumerateFiles(Table, "*", SearchOption.AllDirectories).Where(local => !there.Contains(local)).ToList())
        {
            File.Delete(gone);
        }
    }

    /// <summary>The newest version after a refresh.</summary>
    public async Task<SpecTable> ReadAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        return Reader.Read();
    }

    public void Dispose()
    {
        own?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string Local(LakeFile file) => Path.Combine(Table, file.Path.Path[(root.Path.Length + 1)..]);
}
