using Azure.Storage.Blobs;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

/// <summary>A table with real data files on Azurite, written and read by DuckDB.</summary>
internal sealed class LakeTable : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("delta-tests-").FullName;
    private int invocations;

    private LakeTable(BlobLake lake, string container)
    {
        Lake = lake;
        Root = new LakePath(container, "northwind/orders");
        Table = new DeltaTable(lake, Root, TimeProvider.System);
        Cache = new FileCache(lake, Path.Combine(folder, "cache"), 1L << 30);
        Session = OpenSession();
    }

    public BlobLake Lake { get; }

    public LakePath Root { get; }

    public DeltaTable Table { get; }

    public FileCache Cache { get; }

    public DuckDbSession Session { get; }

    public static async Task<LakeTable> CreateAsync(AzuriteFixture azurite)
    {
        var lake = new BlobLake(new BlobServiceClient(azurite.ConnectionString));
        var container = $"delta-{Guid.NewGuid():N}";
        await lake.CreateContainerAsync(container, CancellationToken.None);
        return new LakeTable(lake, container);
    }

    public DuckDbSession OpenSession() => DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, Threads = 2 });

    public Task<IReadOnlyList<AddFile>> WriteAsync(string select, params string[] partitions) =>
        new DataFileWriter(Lake).WriteAsync(Session, select, Root, partitions, $"i{++invocations}", CancellationToken.None);

    public async Task<DeltaSnapshot> CommitAsync(CommitMode mode, string select, params string[] partitions)
    {
        var files = await WriteAsync(select, partitions);
        var commit = new DeltaCommit { Operation = "WRITE", Mode = mode, Schema = DeltaSchema.FromDuckDb(Session.Describe(select)), PartitionColumns = partitions, Add = files };
        return (await Table.CommitAsync(commit, CancellationToken.None)).Snapshot;
    }

    public Task<CacheLease> ViewAsync(DeltaSnapshot snapshot) => new TableReader(Cache).CreateViewAsync(Session, "silver", "orders", snapshot, Root, CancellationToken.None);

    /// <summary>The rows of a query over <c>silver.orders</c>, values printed by DuckDB, '|' between them.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(DeltaSnapshot snapshot, string select = "SELECT * FROM silver.orders ORDER BY ALL")
    {
        using var lease = await ViewAsync(snapshot);
        using var result = Session.Query($"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({select})");
        return [.. result.Rows().Select(row => string.Join('|', row.Select(value => value ?? "NULL")))];
    }

    public void Dispose()
    {
        Session.Dispose();
        Cache.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
