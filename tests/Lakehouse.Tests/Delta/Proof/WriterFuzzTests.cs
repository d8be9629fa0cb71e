using System.Collections.Concurrent;
using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>Three writers of fifty operations each, in an order that a seed decides down to the single read and write of the log. What the table holds in the end is
/// what a model holds that knows only the commits which succeeded, in the order of their versions.</summary>
public sealed class WriterFuzzTests : IDisposable
{
    private const int Writers = 3;
    private const int Rounds = 50;
    private const int HoursPerRound = 2;

    // Older versions may have lost files to a vacuum.
    private const int VersionsLookedAt = 8;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    /// <summary>Environment variable PIPELINE_FUZZ_SEED; 1 without it.</summary>
    private static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("PIPELINE_FUZZ_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-").FullName;
    private readonly MemoryLake lake = new();
    private readonly ImpatientClock clock = new();
    private readonly Turns turns = new(Writers, new Random(Seed));
    private readonly ConcurrentDictionary<long, Func<IReadOnlyList<TableModel>, TableModel>> succeeded = new();
    private readonly ConcurrentBag<string> voided = [];

    [Fact]
    public async Task Writers_AnyInterleaving_LeaveWhatTheModelHolds()
    {
        lake.NowUtc = clock.GetUtcNow();
        using (var first = Open(Writers, lake))
        {
            await first.Actor.CommitAsync(CommitMode.Append, Select([1, 2, 3], "first"));
            succeeded[0] = models => TableModel.Empty.Add([1, 2, 3], "first");
        }

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(writer)))).WaitAsync(Deadline);

        var models = new List<TableModel>();
        Assert.Equal(Enumerable.Range(0, succeeded.Count).Select(version => (long)version), succeeded.Keys.Order());
        foreach (var version in succeeded.Keys.Order())
        {
            models.Add(succeeded[version](models));
        }

        using var copy = new TableCopy(lake, Actor.Root);
        await copy.RefreshAsync(CancellationToken.None);
        Assert.Equal(models.Count, copy.Reader.Versions().Count);
        Assert.Empty(SpecFileCheck.Problems(copy.Reader.Read(), copy.Session));
        Assert.Equal(copy.Reader.Read(useCheckpoints: false).Describe(copy.Session), copy.Reader.Read().Describe(copy.Session));
        for (var version = models.Count - VersionsLookedAt; version < models.Count; version++)
        {
            var found = copy.Reader.Read(version).Describe(copy.Session).Where(line => line.StartsWith("row ", StringComparison.Ordinal) || line.StartsWith("txn ", StringComparison.Ordinal) || line.StartsWith("domain ", StringComparison.Ordinal));
            Assert.True(models[version].Describe().SequenceEqual(found), $"PIPELINE_FUZZ_SEED={Seed}, version {version}: expected\n{string.Join('\n', models[version].Describe())}\nfound\n{string.Join('\n', found)}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{models.Count} commits, {voided.Count} void ({string.Join(", ", voided.CountBy(name => name))}), {models[^1].Rows.Count} rows.");
        Assert.NotEmpty(voided);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task WriteAsync(int writer)
    {
        using var opened = Open(writer, new TurnLake(lake, turns, writer));
        var random = new Random((Seed * 10) + writer);
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                await turns.WaitAsync(writer);
                clock.Advance(TimeSpan.FromHours(HoursPerRound));
                lake.NowUtc = clock.GetUtcNow();
                await PlayAsync(opened.Actor, writer, round, random);
            }
        }
        finally
        {
            turns.End();
        }
    }

    private async Task PlayAsync(Actor actor, int writer, int round, Random random)
    {
        var ids = Enumerable.Range(0, random.Next(1, 4)).Select(number => (long)(((((writer + 1) * 1000) + round) * 10) + number)).ToArray();
        var operation = random.Next(23);
        try
        {
            switch (operation)
            {
                case < 6:
                    Succeeded(await actor.CommitAsync(CommitMode.Append, Select(ids, "new")), (_, model) => model.Add(ids, "new"));
                    break;
                case < 9:
                    var (app, domain, text) = ($"writer/{writer}", $"shared.{random.Next(2)}", $$"""{"by":{{writer}},"round":{{round}}}""");
                    Succeeded(
                        await actor.CommitAsync(CommitMode.Append, Select(ids, "state"), commit => commit with { Transaction = new TransactionId(app, round), Domains = [new DomainState(domain, text)] }),
                        (_, model) => model.Add(ids, "state").State(app, round, domain, text));
                    break;
                case < 10:
                    Succeeded(await actor.CommitAsync(CommitMode.Overwrite, Select(ids, "over")), (_, model) => model.Overwrite(ids, "over"));
                    break;
                case < 14:
                    await ReplaceAsync(actor, $"-{writer}.{round}");
                    break;
                case < 16:
                    if (await actor.OptimizeAsync() is { } packed)
                    {
                        Succeeded(packed, (_, model) => model);
                    }

                    break;
                case < 18:
                    var version = Math.Max(0, (await actor.ReadAsync()).Version - random.Next(6));
                    Succeeded(await actor.Table.RestoreAsync(version, CancellationToken.None), (models, _) => models[(int)version]);
                    break;
                case < 19:
                    Succeeded(
                        await actor.CommitAsync(CommitMode.Append, $"{Select(ids, "")} WHERE false", commit => commit with { Description = $"{writer}, {round}" }), (_, model) => model);
                    break;
                case < 20:
                    await actor.VacuumAsync();
                    break;
                default:
                    await MergeAsync(actor, ids, $"merged {writer}.{round}");
                    break;
            }
        }
        catch (TransientException)
        {
            voided.Add($"{(operation < 9 ? "append" : operation < 10 ? "overwrite" : operation < 14 ? "replace" : operation < 16 ? "optimize" : operation < 20 ? "restore" : "merge")}");
        }
    }

    private async Task ReplaceAsync(Actor actor, string suffix)
    {
        var snapshot = await actor.ReadAsync();
        if (snapshot.Files.Count == 0)
        {
            return;
        }

        var ids = await OldestAsync(actor, snapshot);
        Succeeded(await actor.ReplaceOldestAsync(snapshot, $"id, v || '{suffix}' AS v"), (_, model) => model.Change(ids, suffix));
    }

    // New ids, and of the oldest file's one is set and one goes; by the time of the merge they may be gone.
    private async Task MergeAsync(Actor actor, long[] ids, string v)
    {
        var snapshot = await actor.ReadAsync();
        var known = snapshot.Files.Count == 0 ? [] : await OldestAsync(actor, snapshot);
        long[] set = [.. ids, .. known.Take(1)];
        long[] gone = [.. known.Skip(1).Take(1)];
        var rows = set.Select(id => $"({id}::BIGINT, '{v}', false)").Concat(gone.Select(id => $"({id}::BIGINT, '', true)"));
        var result = await actor.MergeAsync($"VALUES {string.Join(", ", rows)}");
        Succeeded(result.Commit ?? throw new InvalidOperationException("New rows made no commit."), (_, model) => model.Merge(set, v, gone));
    }

    private static async Task<long[]> OldestAsync(Actor actor, DeltaSnapshot snapshot)
    {
        using var lease = await new TableReader(actor.Cache).CreateViewAsync(actor.Session, "x", "oldest", snapshot with { Files = [snapshot.Files[0]] }, Actor.Root, CancellationToken.None);
        using var rows = actor.Session.Query("SELECT id FROM x.oldest");
        return [.. rows.Rows().Select(row => (long)(row[0] ?? 0L))];
    }

    private void Succeeded(CommitResult result, Func<IReadOnlyList<TableModel>, TableModel, TableModel> effect)
    {
        Assert.False(result.Repeated);
        Assert.Null(result.CheckpointFailure);
        Assert.True(succeeded.TryAdd(result.Version, models => effect(models, models[^1])), $"Version {result.Version} was given to two commits.");
    }

    private static string Select(IEnumerable<long> ids, string v) => $"SELECT id, '{v}' AS v FROM (VALUES {string.Join(", ", ids.Select(id => $"({id}::BIGINT)"))}) AS t(id)";

    private Opened Open(int writer, ILake view)
    {
        var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder, Threads = 1 });
        return new Opened(new Actor($"w{writer}", view, clock, session), session);
    }

    private sealed record Opened(Actor Actor, DuckDbSession Session) : IDisposable
    {
        public void Dispose()
        {
            Actor.Dispose();
            Session.Dispose();
        }
    }
}
