using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>Someone who works on the table: a lake of its own view, a session and a cache, as another process has them.</summary>
internal sealed class Actor : IDisposable
{
    public static readonly LakePath Root = new("silver", "northwind/orders");
    private readonly string folder = Directory.CreateTempSubdirectory("actor-").FullName;
    private readonly TimeProvider clock;
    private int invocations;

    public Actor(string name, ILake lake, TimeProvider clock, DuckDbSession session)
    {
        this.clock = clock;
        Name = name;
        Lake = lake;
        Session = session;
        Table = new DeltaTable(lake, Root, clock, folder);
        Cache = new FileCache(lake, Path.Combine(folder, "cache"), 1L << 30);
    }

    /// <summary>Part of everything the actor writes, so that its rows and files are told from others'.</summary>
    public string Name { get; }

    public ILake Lake { get; }

    public DuckDbSession Session { get; }

    public DeltaTable Table { get; }

    public FileCache Cache { get; }

    /// <summary>The newest version.</summary>
    public async Task<DeltaSnapshot> ReadAsync() => await Table.ReadAsync((long?)null, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");

    /// <summary>Writes a query's rows as data files.</summary>
    public Task<IReadOnlyList<AddFile>> WriteAsync(string select, params string[] partitions) =>
        new DataFileWriter(Lake).WriteAsync(Session, select, Root, partitions, $"{Name}-{++invocations}", CancellationToken.None);

    /// <summary>Writes a query's rows and commits them.</summary>
    public async Task<CommitResult> CommitAsync(CommitMode mode, string select, Func<DeltaCommit, DeltaCommit>? change = null, params string[] partitions)
    {
        var files = await WriteAsync(select, partitions);
        var commit = new DeltaCommit { Operation = "WRITE", Mode = mode, Schema = DeltaSchema.FromDuckDb(Session.Describe(select)), PartitionColumns = partitions, Add = files };
        return await Table.CommitAsync(change?.Invoke(commit) ?? commit, CancellationToken.None);
    }

    /// <summary>Replaces the table's oldest file by one with the same rows changed.</summary>
    /// <param name="columns">The new values of all columns, over those of the file.</param>
    public async Task<CommitResult> ReplaceOldestAsync(string columns) => await ReplaceOldestAsync(await ReadAsync(), columns);

    /// <inheritdoc cref="ReplaceOldestAsync(string)"/>
    public async Task<CommitResult> ReplaceOldestAsync(DeltaSnapshot snapshot, string columns)
    {
        var oldest = snapshot.Files[0];
        using var lease = await new TableReader(Cache).CreateViewAsync(Session, Name, "oldest", snapshot with { Files = [oldest] }, Root, CancellationToken.None);
        return await CommitAsync(
            CommitMode.Replace, $"SELECT {columns} FROM {Name}.oldest", commit => commit with { Remove = [oldest.Path], ReadVersion = snapshot.Version });
    }

    public Task<CommitResult?> OptimizeAsync() =>
        new DeltaOptimize(Lake, Cache, clock, targetSizeBytes: 1 << 20).RunAsync(Session, Root, $"{Name}-{++invocations}", CancellationToken.None);

    public Task<VacuumResult> VacuumAsync() => new DeltaVacuum(Lake, clock, folder).RunAsync(Root, dryRun: false, CancellationToken.None);

    public Task<LogCleanupResult> CleanUpLogAsync() => new DeltaLogCleanup(Lake, clock, folder).RunAsync(Root, dryRun: false, CancellationToken.None);

    /// <summary>Merges rows of id, v and whether to delete.</summary>
    public Task<MergeResult> MergeAsync(string rows) => new DeltaMerge(Lake, Cache, clock).RunAsync(
        Session, Root, new MergeRequest { Select = $"SELECT * FROM ({rows}) AS s(id, v, gone)", Key = ["id"], DeleteColumn = "gone" }, $"{Name}-{++invocations}", CancellationToken.None);

    /// <summary>Brings states of ids into the history, by their sequence.</summary>
    public Task<MergeResult> ChangeHistoryAsync(string select) => new DeltaHistory(Lake, Cache, clock).RunAsync(
        Session, Root, new HistoryRequest { Select = select, Key = ["id"], SequenceColumn = "sequence" }, $"{Name}-{++invocations}", CancellationToken.None);

    /// <summary>Makes n a BIGINT.</summary>
    public Task<CommitResult?> WidenAsync() => new DeltaWiden(Lake, Cache, clock).RunAsync(
        Session, Root, new Dictionary<string, PrimitiveType> { ["n"] = new("long") }, $"{Name}-{++invocations}", CancellationToken.None);

    /// <summary>Appends rows whose columns are of other types.</summary>
    public Task<CommitResult> WidenedAppendAsync(string select) =>
        new DeltaWiden(Lake, Cache, clock).AppendAsync(Session, Root, select, transaction: null, $"{Name}-{++invocations}", CancellationToken.None);

    public void Dispose()
    {
        Cache.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
