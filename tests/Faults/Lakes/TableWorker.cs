using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Faults.Lakes;

/// <summary>Works on the shared table as a process of its own and says what it does: <c>try</c> before, <c>ack</c> after.</summary>
internal sealed class TableWorker : IDisposable
{
    // Everything on the lake is older than a vacuum's floor to this clock.
    private static readonly TimeSpan Ahead = DeltaVacuum.Floor + TimeSpan.FromDays(1);
    private readonly string folder = Directory.CreateTempSubdirectory("table-worker-").FullName;
    private readonly BlobLake lake = WorkedTable.OpenFromEnvironment();
    private readonly FileCache cache;
    private readonly DuckDbSession session;
    private readonly DeltaTable table;

    public TableWorker()
    {
        cache = new FileCache(lake, Path.Combine(folder, "cache"), 64L << 20);
        session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, Threads = 1, MemoryLimitBytes = 256L << 20 });
        table = new DeltaTable(lake, WorkedTable.Root, TimeProvider.System, folder);
    }

    /// <summary>Appends rows one by one, each in a commit of its own.</summary>
    public async Task AppendAsync(int writer, int appends, CancellationToken cancellationToken)
    {
        Console.WriteLine(WorkerProcess.ReadyLine);
        for (var number = 0; number < appends; number++)
        {
            await AppendAsync((writer * 1_000_000L) + number, $"writer/{writer}", number, cancellationToken);
        }
    }

    /// <summary>Appends, packs and vacuums in a random order until it is killed.</summary>
    public async Task WorkAsync(long firstId, int seed, CancellationToken cancellationToken)
    {
        var random = new Random(seed);
        Console.WriteLine(WorkerProcess.ReadyLine);
        for (var id = firstId; ; id++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await AppendAsync(id, "worker", id, cancellationToken);
            switch (random.Next(4))
            {
                case 0:
                    await SayAsync("optimize", id, () => new DeltaOptimize(lake, cache, TimeProvider.System, targetSizeBytes: 1 << 20).RunAsync(session, WorkedTable.Root, Text(id), cancellationToken));
                    break;
                case 1:
                    await SayAsync("vacuum", id, () => new DeltaVacuum(lake, new ClockAhead(Ahead), folder).RunAsync(WorkedTable.Root, dryRun: false, cancellationToken));
                    break;
            }
        }
    }

    public void Dispose()
    {
        session.Dispose();
        cache.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private Task AppendAsync(long id, string appId, long version, CancellationToken cancellationToken) => SayAsync("append", id, async () =>
    {
        var select = $"SELECT {Text(id)}::BIGINT AS id, 'row ' || {Text(id)} AS v";
        var files = await new DataFileWriter(lake, cache).WriteAsync(session, select, WorkedTable.Root, [], $"i{Text(id)}", cancellationToken);
        var commit = new DeltaCommit
        {
            Operation = "WRITE",
            Mode = CommitMode.Append,
            Schema = DeltaSchema.FromDuckDb(session.Describe(select)),
            Add = files,
            Transaction = new TransactionId(appId, version),
            Domains = [new DomainState(appId, $$"""{"last":{{Text(id)}}}""")],
        };
        var result = await table.CommitAsync(commit, cancellationToken);
        return result is { Repeated: false, CheckpointFailure: null } ? result : throw new TerminalException($"The append of {id} came to {result}.");
    });

    private static async Task SayAsync<T>(string operation, long id, Func<Task<T>> work)
    {
        Console.WriteLine($"try {operation} {Text(id)}");
        await work();
        Console.WriteLine($"ack {operation} {Text(id)}");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class ClockAhead(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
