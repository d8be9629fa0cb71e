using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Testing;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaVacuumTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private readonly TestTable table = new();

    [Fact]
    public async Task RunAsync_VersionsOverTime_KeepsWhatTheLastSevenDaysHad()
    {
        await DayAsync(0, Append("a"));
        await DayAsync(1, Overwrite("b"));
        await DayAsync(9, Overwrite("c"));
        await DayAsync(10, Overwrite("d"));
        await PutAsync("stray");

        // Day 12: the last seven days began with version 1, and c is too young by itself.
        To(12);
        Assert.Equal(["a"], await RunAsync());
        Assert.Equal(["b", "c", "d", "stray"], Present());

        // Until day 16 they began with version 1, which lasted to day 9.
        To(15.5);
        Assert.Empty(await RunAsync());
        To(16.5);
        Assert.Equal(["b"], await RunAsync());
        To(18);
        Assert.Equal(["c", "stray"], await RunAsync());
        Assert.Equal(["d"], Files(await table.ReadAsync()));
        Assert.Equal(["d"], Present());
    }

    [Fact]
    public async Task RunAsync_FileOfSevenDays_GoesAMomentLaterOnly()
    {
        await DayAsync(0, Append("a"));
        await PutAsync("stray");
        To(7);
        Assert.Empty(await RunAsync());
        table.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["stray"], await RunAsync());
    }

    [Fact]
    public async Task RunAsync_DryRun_ListsAndDeletesNothing()
    {
        await DayAsync(0, Append("a"));
        await PutAsync("stray");
        To(30);
        var result = await new DeltaVacuum(table.Lake, table.Clock).RunAsync(Root, dryRun: true, CancellationToken.None);

        Assert.True(result.DryRun);
        Assert.Equal(["stray"], result.Files);
        Assert.Equal(1, result.Bytes);
        Assert.Equal(["a", "stray"], Present());
    }

    [Fact]
    public async Task RunAsync_SegmentsNamedByAState_LiveAsLongAsAVersionThatNamesThem()
    {
        await PutAsync("_ledger/1.parquet");
        await PutAsync("_ledger/ü+2.parquet");
        await DayAsync(0, Append("a") with { Domains = [new DomainState("pipeline.step.orders", """{"segments":[{"Path":"_ledger/1.parquet"}]}""")] });
        To(20);
        await table.CommitAsync(Append() with { Domains = [new DomainState("pipeline.step.orders", """{"segments":[{"Path":"_ledger/\u00FC\u002B2.parquet"}]}""")] });

        Assert.Empty(await RunAsync());
        To(28);
        Assert.Equal(["_ledger/1.parquet"], await RunAsync());
        Assert.Equal(["_ledger/ü+2.parquet", "a"], Present());
    }

    [Fact]
    public async Task RunAsync_LogWithCheckpoints_IsNeverTouched()
    {
        for (var version = 0; version <= 12; version++)
        {
            await DayAsync(0, Overwrite($"f{version:D2}"));
        }

        string[] Log() => [.. table.Lake.Paths.Where(path => path.Contains("_delta_log", StringComparison.Ordinal))];
        var before = Log();
        To(60);
        Assert.Equal(12, (await RunAsync()).Count);
        Assert.Equal(before, Log());
        Assert.Equal(["f12"], Present());
    }

    [Fact]
    public async Task RunAsync_NoTableOrOneBelow_IsRefused()
    {
        await PutAsync("stray");
        To(30);
        await Assert.ThrowsAsync<NoTableException>(RunAsync);
        await table.CommitAsync(Append());
        await PutAsync("below/_delta_log/00000000000000000000.json");
        await Assert.ThrowsAsync<TerminalException>(RunAsync);
        Assert.Contains("stray", Present());
    }

    [Fact]
    public async Task CommitAsync_FileOlderThanHalfTheFloor_IsRefused()
    {
        table.Clock.Advance(DeltaVacuum.Floor / 2);
        Assert.Equal(0, (await table.CommitAsync(Append("a"))).Version);
        table.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var young = File("young") with { ModifiedUnixMilliseconds = table.Clock.GetUtcNow().ToUnixTimeMilliseconds() };
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append() with { Add = [young, File("old")] }));

        Assert.Contains("'old'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await table.CommitAsync(Append() with { Add = [young] })).Version);
    }

    [Fact]
    public async Task RunAsync_OnARealLake_TakesWhatNoVersionHasAndKeepsTheRows()
    {
        using var real = await LakeTable.CreateAsync(azurite);
        await real.CommitAsync(CommitMode.Append, "SELECT 1 AS id, 'ä b' AS p", "p");
        await real.CommitAsync(CommitMode.Overwrite, "SELECT range AS id, 'c %' || range AS p FROM range(2)", "p");
        await real.WriteAsync("SELECT 7 AS id, 'never committed' AS p", "p");
        var clock = new ImpatientClock();
        clock.Advance(TimeSpan.FromDays(100_000));
        var result = await new DeltaVacuum(real.Lake, clock).RunAsync(real.Root, dryRun: false, CancellationToken.None);

        Assert.Equal(2, result.Files.Count);
        var newest = await real.Table.ReadAsync(null, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");
        Assert.Equal(["0|c %0", "1|c %1"], await real.RowsAsync(newest));
        var refused = await Assert.ThrowsAsync<TerminalException>(() => real.Table.RestoreAsync(0, CancellationToken.None));
        Assert.Contains("part-00000-i1", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await LeftAsync(real)).Count);
    }

    private static async Task<List<LakePath>> LeftAsync(LakeTable real)
    {
        var left = new List<LakePath>();
        await foreach (var file in real.Lake.ListAsync(real.Root, CancellationToken.None))
        {
            if (!file.Path.Path.Contains("_delta_log", StringComparison.Ordinal))
            {
                left.Add(file.Path);
            }
        }

        return left;
    }

    private void To(double day)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(StartUnixMilliseconds) + (day * Day);
        table.Clock.Advance(time - table.Clock.GetUtcNow());
        table.Lake.NowUtc = time;
    }

    private async Task DayAsync(double day, DeltaCommit commit)
    {
        To(day);
        foreach (var file in commit.Add)
        {
            await PutAsync(file.Path);
        }

        await table.CommitAsync(commit with { Add = [.. commit.Add.Select(file => file with { ModifiedUnixMilliseconds = table.Clock.GetUtcNow().ToUnixTimeMilliseconds() })] });
    }

    private Task PutAsync(string path)
    {
        table.Lake.NowUtc = table.Clock.GetUtcNow();
        return table.Lake.WriteAsync(Root.Append(path), new byte[] { 1 }, CancellationToken.None);
    }

    private async Task<IReadOnlyList<string>> RunAsync() => (await new DeltaVacuum(table.Lake, table.Clock).RunAsync(Root, dryRun: false, CancellationToken.None)).Files;

    private string[] Present() => [.. table.Lake.Paths.Where(path => !path.Contains("_delta_log", StringComparison.Ordinal)).Select(path => path[(Root.Path.Length + 1)..])];
}
