using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>A table to begin with, and the files it has.</summary>
internal sealed record Start(long Version, MemoryLake Lake, IReadOnlySet<string> Files);

/// <summary>What operations make of a table one after the other, each result found once.</summary>
public sealed class SerialOrders : IDisposable
{
    // A version with a checkpoint, which a clean-up of the log keeps.
    private const long Old = 10;
    private readonly string folder = Directory.CreateTempSubdirectory("interleaving-").FullName;
    private readonly ImpatientClock clock = new();
    private readonly Dictionary<string, DuckDbSession> sessions = [];
    private readonly Dictionary<long, Start> starts = [];
    private readonly Dictionary<string, IReadOnlyList<string>> results = [];

    /// <summary>For reading Parquet.</summary>
    internal DuckDbSession Session => SessionOf("reader");

    internal Actor Open(string name, ILake lake) => new(name, lake, clock, SessionOf(name));

    /// <summary>The table for a pair: half of them meet where the first's next version is a multiple of ten and has a checkpoint, half where the second's is.</summary>
    internal async Task<Start> StartAsync(Operation first, Place place, Operation second)
    {
        var index = Operations.All.ToList();
        var version = place == Place.Checkpoint || (index.IndexOf(first) + index.IndexOf(second)) % 2 == 1 ? Old + 9 : Old + 8;
        if (starts.Count == 0)
        {
            await BeginAsync();
        }

        return starts[version];
    }

    /// <summary>The table as the independent reader describes it after operations one by one.</summary>
    internal async Task<IReadOnlyList<string>> ResultAsync(Start start, params (string Actor, Operation Operation)[] order)
    {
        var key = $"{start.Version}: {string.Join(", ", order)}";
        if (!results.TryGetValue(key, out var found))
        {
            var lake = start.Lake.Copy();
            foreach (var (name, operation) in order)
            {
                using var actor = Open(name, lake);
                await operation.RunAsync(actor);
            }

            using var copy = new TableCopy(lake, Actor.Root, Session);
            results[key] = found = (await copy.ReadAsync(CancellationToken.None)).Describe(copy.Session);
        }

        return found;
    }

    public void Dispose()
    {
        sessions.Values.ToList().ForEach(session => session.Dispose());
        Directory.Delete(folder, recursive: true);
    }

    private DuckDbSession SessionOf(string name)
    {
        if (!sessions.TryGetValue(name, out var session))
        {
            sessions[name] = session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, Threads = 1 });
        }

        return session;
    }

    /// <summary>Tables with a checkpoint and dead files of long ago, and small ones of today. Rows are those of a history, so that any operation may have them.</summary>
    private async Task BeginAsync()
    {
        const string rest = "1::SMALLINT AS n, 0::BIGINT AS valid_from, NULL::BIGINT AS valid_to, true AS is_current, false AS is_deleted, [0::BIGINT] AS observed";
        var lake = new MemoryLake { NowUtc = clock.GetUtcNow() };
        using var actor = Open("base", lake);
        await actor.CommitAsync(CommitMode.Append, $"SELECT range AS id, 'dead' AS v, {rest} FROM range(3)");
        for (var version = 1; version < Old; version++)
        {
            await actor.CommitAsync(CommitMode.Append, $"SELECT 0::BIGINT AS id, '' AS v, {rest} WHERE false");
        }

        await actor.CommitAsync(CommitMode.Overwrite, $"SELECT range + 10 AS id, 'oldest' AS v, {rest} FROM range(3)");
        await actor.WriteAsync($"SELECT 99::BIGINT AS id, 'never committed' AS v, {rest}");
        clock.Advance(TimeSpan.FromDays(40));
        lake.NowUtc = clock.GetUtcNow();
        for (var version = Old + 1; version <= Old + 9; version++)
        {
            // The state is younger than the version that a restore goes back to.
            await actor.CommitAsync(
                CommitMode.Append,
                $"SELECT {version - Old}::BIGINT AS id, 'small' AS v, {rest}",
                commit => version == Operations.Restored + 1 ? commit with { Domains = [new DomainState("pipeline.step.shared", "{}")], Transaction = new TransactionId("step/base", 1) } : commit);
            starts[version] = new Start(version, lake.Copy(), (await actor.ReadAsync()).Files.Select(file => file.Path).ToHashSet());
        }
    }
}
