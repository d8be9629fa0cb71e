using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

/// <summary>Processes that go on from what they know of a table see what one sees that has just begun.</summary>
public sealed class LogCacheTests
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(7);
    private readonly TestTable table = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task ReadAsync_AfterCommitsOfSeveralProcesses_IsWhatTheLogSays(int seed)
    {
        var random = new Random(seed);
        var processes = Enumerable.Range(0, 3).Select(_ => new DeltaTable(new OtherProcess(table.Lake), Root, table.Clock)).ToList();
        for (var version = 0; version < 45; version++)
        {
            await processes[random.Next(3)].CommitAsync(Now(Change(random, version)), CancellationToken.None);
            table.Clock.Advance(random.Next(10) == 0 ? Retention : TimeSpan.FromSeconds(1));
            var (process, asked) = (processes[random.Next(3)], random.Next(4) == 0 ? random.Next(version + 1) : (long?)null);

            var seen = await process.ReadAsync(asked, CancellationToken.None);

            Assert.Equivalent(Comparable(await table.ReadAsync(asked)), Comparable(seen), strict: true);
        }
    }

    [Fact]
    public async Task ReadAsync_NothingNew_LooksAtTheLastEntryAndTheNext()
    {
        var lake = new Calls(table.Lake);
        var known = new DeltaTable(lake, Root, table.Clock);
        await WriteAsync(new DeltaTable(new OtherProcess(table.Lake), Root, table.Clock), 25);
        var first = await known.ReadAsync(null, CancellationToken.None);
        lake.Seen.Clear();

        Assert.Same(first, await known.ReadAsync(null, CancellationToken.None));
        Assert.Same(first, await known.ReadAsync(24, CancellationToken.None));

        Assert.Equal([$"Read {LogFile(24).Path}", $"Read {LogFile(25).Path}", $"Read {LogFile(24).Path}"], lake.Seen);
    }

    [Fact]
    public async Task CommitAsync_AfterAnother_ReadsNoCheckpoint()
    {
        var lake = new Calls(table.Lake);
        var known = new DeltaTable(lake, Root, table.Clock);
        await WriteAsync(known, 12);
        lake.Seen.Clear();

        await known.CommitAsync(Append("next"), CancellationToken.None);

        Assert.Equal([$"Read {LogFile(11).Path}", $"Read {LogFile(12).Path}", $"Create {LogFile(12).Path}"], lake.Seen);
    }

    [Fact]
    public async Task ReadAsync_FarBehind_BeginsAtTheCheckpoint()
    {
        var lake = new Calls(table.Lake);
        var (known, other) = (new DeltaTable(lake, Root, table.Clock), new DeltaTable(new OtherProcess(table.Lake), Root, table.Clock));
        await WriteAsync(other, 3);
        await known.ReadAsync(null, CancellationToken.None);
        await WriteAsync(other, 40);

        Assert.Equal(43, (await known.ReadAsync(null, CancellationToken.None))?.Files.Count);

        Assert.Contains(lake.Seen, call => call.StartsWith("Download ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task ReadAsync_TableDeletedAndMadeAnew_IsTheNewOne(int versions)
    {
        await WriteAsync(table.Table, 3);
        var before = await table.Table.ReadAsync(null, CancellationToken.None);
        await DeleteAsync();
        Assert.Null(await table.Table.ReadAsync(null, CancellationToken.None));
        await WriteAsync(new DeltaTable(new OtherProcess(table.Lake), Root, table.Clock), versions);

        var now = await table.Table.ReadAsync(null, CancellationToken.None);

        Assert.Equal(versions - 1, now?.Version);
        Assert.NotEqual(before?.TableId, now?.TableId);
        await table.CommitAsync(Append("more"));
        Assert.Equal(versions, (await table.ReadAsync()).Version);
    }

    [Fact]
    public async Task ReadAsync_MadeAnewWithoutALookBetween_IsTheNewOne()
    {
        await WriteAsync(table.Table, 3);
        await DeleteAsync();
        await WriteAsync(new DeltaTable(new OtherProcess(table.Lake), Root, table.Clock), 5);

        Assert.Equivalent(Comparable(await table.ReadAsync()), Comparable(await table.Table.ReadAsync(null, CancellationToken.None)), strict: true);
        Assert.Equivalent(Comparable(await table.ReadAsync(3)), Comparable(await table.Table.ReadAsync(3, CancellationToken.None)), strict: true);
    }

    [Fact]
    public async Task ReadAsync_VersionThatIsNotThereYet_IsUnknown()
    {
        await WriteAsync(table.Table, 3);
        await table.Table.ReadAsync(null, CancellationToken.None);

        var refused = await Assert.ThrowsAsync<UnknownVersionException>(() => table.Table.ReadAsync(7, CancellationToken.None));

        Assert.Contains("versions 0 to 2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadAsync_LongAfter_LeavesExpiredTombstonesBehind()
    {
        await table.CommitAsync(Append("first"));
        await table.CommitAsync(Overwrite("second"));
        Assert.Equal(["first"], await TombstonesAsync());

        table.Clock.Advance(Retention + TimeSpan.FromSeconds(1));

        Assert.Empty(await TombstonesAsync());

        async Task<IEnumerable<string>> TombstonesAsync() => (await table.Table.LoadAsync(null, CancellationToken.None))?.Tombstones.Keys ?? [];
    }

    [Fact]
    public void Keep_MoreThanItHolds_ForgetsWhatWasUsedLongestAgo()
    {
        var cache = new LogCache();
        var (first, second, third) = (new LakePath("lake", "first"), new LakePath("lake", "second"), new LakePath("lake", "third"));
        cache.Keep(first, Known(first, 8_000));
        cache.Keep(second, Known(second, 8_000));
        Assert.NotNull(cache.Find(first));

        cache.Keep(third, Known(third, 8_000));

        Assert.Null(cache.Find(second));
        Assert.NotNull(cache.Find(first));
        Assert.NotNull(cache.Find(third));
        cache.Keep(second, Known(second, 25_000));
        Assert.Null(cache.Find(second));
    }

    private static KnownTable Known(LakePath root, int files)
    {
        var state = new TableState(root);
        state.Apply(0, Enumerable.Range(0, files).Select(number => new LogAction { Add = new AddAction { Path = $"{number}" } }));
        return new KnownTable(state, []);
    }

    private async Task DeleteAsync()
    {
        foreach (var path in table.Lake.Paths.ToList())
        {
            await table.Lake.DeleteAsync(new LakePath(Root.Container, path), CancellationToken.None);
        }
    }

    private DeltaCommit Now(DeltaCommit commit) => commit with { Add = [.. commit.Add.Select(file => file with { ModifiedUnixMilliseconds = table.Clock.GetUtcNow().ToUnixTimeMilliseconds() })] };

    private async Task WriteAsync(DeltaTable writer, int commits)
    {
        for (var number = 0; number < commits; number++)
        {
            table.Clock.Advance(TimeSpan.FromSeconds(1));
            await writer.CommitAsync(Append(Guid.NewGuid().ToString("N")), CancellationToken.None);
        }
    }

    private static DeltaCommit Change(Random random, int version) => random.Next(6) switch
    {
        0 => Overwrite($"all-{version}"),
        1 => Append($"{version}") with { Transaction = new TransactionId($"step/{random.Next(3)}", version), Domains = [new DomainState($"pipeline.{random.Next(3)}", $"{{\"at\":{version}}}")] },
        2 => Append($"{version}") with { Description = $"as of {version}" },
        3 => Append([.. Enumerable.Range(0, 5).Select(part => $"{version}-{part}")]) with { Schema = Schema(("id", "long"), ("name", "string"), ($"more{version}", "string")) },
        _ => Append($"{version}"),
    };

    // What a checkpoint does not tell: whether a file brought new rows.
    private static DeltaSnapshot? Comparable(DeltaSnapshot? snapshot) => snapshot is null ? null : snapshot with { Files = [.. snapshot.Files.Select(file => file with { DataChange = false })] };

    private sealed class Calls(ILake lake) : LakeDecorator(lake)
    {
        public List<string> Seen { get; } = [];

        protected override Task BeforeAsync(Call call, string path)
        {
            lock (Seen)
            {
                Seen.Add($"{call} {path}");
            }

            return Task.CompletedTask;
        }
    }
}
