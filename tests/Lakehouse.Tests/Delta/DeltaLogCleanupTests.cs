using Pipeline.Lakehouse.Delta;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaLogCleanupTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private readonly TestTable table = new();

    [Fact]
    public async Task RunAsync_DefaultRetention_KeepsThirtyDaysFromACheckpointOn()
    {
        await CommitDailyAsync(45, "");
        var dry = await CleanAsync(dryRun: true);
        var before = table.Lake.Paths.ToList();
        var result = await CleanAsync(dryRun: false);

        // The cut is midnight of the 14th day: the newest version was 13 then, and is made from the checkpoint of version 10.
        Assert.Equal(10, result.OldestVersion);
        Assert.Equal(Enumerable.Range(0, 10).Select(version => $"{version:D20}.json"), result.Files);
        Assert.Equal(result.Files, dry.Files);
        Assert.Equal((result.Bytes, true), (dry.Bytes, dry.DryRun));
        Assert.Equal(before.Count - 10, table.Lake.Paths.Count());
        Assert.True(result.Bytes > 0);
        await ReadAllAsync(10, 44);
        Assert.Empty((await CleanAsync(dryRun: false)).Files);
    }

    [Theory]
    [InlineData("interval 10 days", 30)]
    [InlineData("interval 3 weeks", 20)]
    [InlineData("1 month", 10)]
    [InlineData("interval 1 year", null)]
    [InlineData("interval 999999999 weeks", null)]
    public async Task RunAsync_RetentionOfTheTable_IsHonoured(string retention, int? oldest)
    {
        await CommitDailyAsync(45, $"\"delta.logRetentionDuration\":\"{retention}\"");
        Assert.Equal(oldest, (await CleanAsync(dryRun: false)).OldestVersion);
        await ReadAllAsync(oldest ?? 0, 44);
    }

    [Fact]
    public async Task RunAsync_StoppedAnywhere_LeavesNoGap()
    {
        await CommitDailyAsync(35, "\"delta.logRetentionDuration\":\"interval 10 days\"");
        await table.Lake.WriteAsync(Root.Append($"_delta_log/{11:D20}.{12:D20}.compacted.json"), new byte[] { 1 }, CancellationToken.None);
        await table.Lake.WriteAsync(Root.Append($"_delta_log/{5:D20}.crc"), new byte[] { 1 }, CancellationToken.None);
        await table.Lake.WriteAsync(Root.Append("_delta_log/readme.txt"), new byte[] { 1 }, CancellationToken.None);
        await table.Lake.WriteAsync(Root.Append($"_delta_log/_staged_commits/{5:D20}.json"), new byte[] { 1 }, CancellationToken.None);
        var files = (await CleanAsync(dryRun: true)).Files;
        Assert.Equal(20 + 1 + 2, files.Count);
        foreach (var file in files)
        {
            await table.Lake.DeleteAsync(Root.Append($"_delta_log/{file}"), CancellationToken.None);
            var times = await new DeltaLog(table.Lake, Root).TimesAsync(CancellationToken.None);
            Assert.Equal(Enumerable.Range(0, times.Count).Select(index => times[0].Version + index), times.Select(entry => entry.Version));
            Assert.Equal(34, times[^1].Version);
            Assert.Equal(times[0].Version + 1, (await table.ReadAsync(times[0].Version)).Files.Count);
        }

        await ReadAllAsync(20, 34);
    }

    [Fact]
    public async Task RunAsync_CheckpointWithAPartMissing_IsNoGround()
    {
        await CommitDailyAsync(45, "");
        var checkpoint = Root.Append($"_delta_log/{10:D20}.checkpoint.parquet");
        var content = await table.Lake.ReadAsync(checkpoint, CancellationToken.None) ?? throw new InvalidOperationException();
        await table.Lake.DeleteAsync(checkpoint, CancellationToken.None);
        await table.Lake.WriteAsync(Root.Append($"_delta_log/{10:D20}.checkpoint.{1:D10}.{2:D10}.parquet"), content, CancellationToken.None);
        Assert.Null((await CleanAsync(dryRun: false)).OldestVersion);
        await ReadAllAsync(0, 44);
    }

    [Fact]
    public async Task RunAsync_TableThatKeepsItsLog_KeepsIt()
    {
        await CommitDailyAsync(45, "\"delta.enableExpiredLogCleanup\":\"false\"");
        Assert.Equal((null, 0), ((await CleanAsync(dryRun: false)).OldestVersion, (await CleanAsync(dryRun: false)).Files.Count));
    }

    [Fact]
    public async Task RunAsync_RetentionNotUnderstood_IsRefused()
    {
        await CommitDailyAsync(12, "\"delta.logRetentionDuration\":\"interval 1 week 2 days\"");
        var refused = await Assert.ThrowsAsync<TerminalException>(() => CleanAsync(dryRun: true));
        Assert.Contains("'interval 1 week 2 days' (delta.logRetentionDuration)", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_NoTable_IsRefused() => await Assert.ThrowsAsync<NoTableException>(() => CleanAsync(dryRun: true));

    private async Task CommitDailyAsync(int versions, string configuration)
    {
        table.Clock.Advance(Start - table.Clock.GetUtcNow());
        for (var version = 0; version < versions; version++)
        {
            var written = table.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            table.Lake.NowUtc = Start.AddDays(version);
            if (version % 10 == 0)
            {
                await table.CommitAsync(Append() with { Add = [File($"f{version}") with { ModifiedUnixMilliseconds = written }] });
            }
            else
            {
                await table.WriteEntryAsync(version, $$"""{"add":{"path":"f{{version}}","partitionValues":{},"size":1,"modificationTime":{{written}},"dataChange":true""" + "}}");
            }

            if (version == 0 && configuration.Length > 0)
            {
                await table.WriteEntryAsync(0, (await table.EntryAsync(0)).Replace("\"configuration\":{}", $"\"configuration\":{{{configuration}}}", StringComparison.Ordinal));
            }

            table.Clock.Advance(TimeSpan.FromDays(1));
        }

        table.Clock.Advance(TimeSpan.FromDays(-1));
    }

    private async Task ReadAllAsync(int oldest, int newest)
    {
        foreach (var version in new[] { oldest, oldest + 1, (oldest / 10 * 10) + 9, newest })
        {
            Assert.Equal(version + 1, (await table.ReadAsync(version)).Files.Count);
        }

        if (oldest > 0)
        {
            await Assert.ThrowsAsync<UnknownVersionException>(() => table.ReadAsync(oldest - 1));
        }
    }

    private Task<LogCleanupResult> CleanAsync(bool dryRun) => new DeltaLogCleanup(table.Lake, table.Clock).RunAsync(Root, dryRun, CancellationToken.None);
}
