using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaTableReadTests
{
    private readonly TestTable table = new();

    [Fact]
    public async Task ReadAsync_NoTable_IsNull()
    {
        Assert.Null(await table.Table.ReadAsync(null, CancellationToken.None));
        Assert.Empty(await table.Table.HistoryAsync(5, CancellationToken.None));
    }

    [Fact]
    public async Task ReadAsync_ByVersion_GivesTheTableAsItWas()
    {
        await WriteVersionsAsync(25);
        foreach (var version in new long[] { 0, 9, 10, 11, 20, 24 })
        {
            var snapshot = await table.ReadAsync(version);
            Assert.Equal(version, snapshot.Version);
            Assert.Equal(version + 1, snapshot.Files.Count);
        }
    }

    [Theory]
    [InlineData(12)]
    [InlineData(-1)]
    public async Task ReadAsync_VersionThatNeverWas_NamesTheRange(long version)
    {
        await WriteVersionsAsync(12);
        var refused = await Assert.ThrowsAsync<UnknownVersionException>(() => table.ReadAsync(version));
        Assert.Contains("versions 0 to 11", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_VersionCleanedUp_NamesTheRange()
    {
        await WriteVersionsAsync(12);
        for (var version = 0; version < 10; version++)
        {
            await table.Lake.DeleteAsync(LogFile(version), CancellationToken.None);
        }

        var refused = await Assert.ThrowsAsync<UnknownVersionException>(() => table.ReadAsync(4));
        Assert.Contains("versions 10 to 11", refused.Message, StringComparison.Ordinal);
        Assert.Equal(12, (await table.ReadAsync()).Files.Count);
        Assert.Equal([11L, 10L], (await table.Table.HistoryAsync(5, CancellationToken.None)).Select(entry => entry.Version));
    }

    [Fact]
    public async Task ReadAsync_EntryMissing_SaysTheLogIsDamaged()
    {
        await WriteVersionsAsync(4);
        await table.Lake.DeleteAsync(LogFile(2), CancellationToken.None);
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.ReadAsync());
        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"add\":{\"path\":\"x\"")]
    [InlineData("not json")]
    [InlineData("{\"txn\":{\"appId\":7,\"version\":1}}")]
    [InlineData("{\"add\":{\"path\":null,\"size\":1}}")]
    [InlineData("{\"add\":{\"path\":\"x\",\"size\":99999999999999999999}}")]
    public async Task ReadAsync_DamagedEntry_IsNamedWithItsLine(string line)
    {
        await WriteVersionsAsync(2);
        await table.WriteEntryAsync(2, $"{{\"commitInfo\":{{}}}}\n{line}\n");
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.ReadAsync());
        Assert.Contains($"Line 2 of {LogFile(2)}", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("a")));
    }

    [Fact]
    public async Task ReadAsync_FromCheckpoint_EqualsReplay()
    {
        await table.CommitAsync(Append("p=1/a") with
        {
            Schema = Schema(("id", "long"), ("p", "string"), ("time", "timestamp")),
            PartitionColumns = ["p"],
            Add = [File("p=c%2520d/a") with { PartitionValues = new Dictionary<string, string?> { ["p"] = "c d" } }, File("p=0/b") with { PartitionValues = new Dictionary<string, string?> { ["p"] = null }, Statistics = null }],
            Transaction = new TransactionId("step/orders", 7),
            Domains = [new DomainState("pipeline.step.orders", """{"cursor":"ä\"\\"}""")],
            Description = "Orders",
        });
        for (var version = 1; version <= 10; version++)
        {
            table.Clock.Advance(TimeSpan.FromSeconds(1));
            var file = File($"p=1/{version}") with { PartitionValues = new Dictionary<string, string?> { ["p"] = "1" } };
            await table.CommitAsync(Commit(CommitMode.Replace) with
            {
                Schema = Schema(("id", "long"), ("p", "string"), ("time", "timestamp")),
                PartitionColumns = ["p"],
                Add = [file],
                Remove = version > 5 ? [$"p=1/{version - 1}"] : [],
                Transaction = new TransactionId("step/other", version),
            });
        }

        Assert.Contains($"{Root.Path}/_delta_log/00000000000000000010.checkpoint.parquet", table.Lake.Paths);
        var fromCheckpoint = await table.ReadAsync();
        foreach (var path in table.Lake.Paths.Where(path => path.Contains("checkpoint", StringComparison.Ordinal)))
        {
            await table.Lake.DeleteAsync(new(Root.Container, path), CancellationToken.None);
        }

        var replayed = await table.ReadAsync();
        Assert.Equal(10, fromCheckpoint.Version);
        Assert.Equivalent(replayed with { Files = [.. replayed.Files.Select(file => file with { DataChange = false })] }, fromCheckpoint, strict: true);
        Assert.Equal("""{"cursor":"ä\"\\"}""", fromCheckpoint.Domains["pipeline.step.orders"]);
    }

    [Fact]
    public async Task ReadAsync_StateBeforeTheCheckpoint_IsKeptAcrossIt()
    {
        await table.CommitAsync(Append("first") with { Domains = [new DomainState("pipeline.step.orders", "{}")], Transaction = new TransactionId("step/orders", 3) });
        await WriteVersionsAsync(14);

        var snapshot = await table.ReadAsync();
        Assert.Equal("{}", snapshot.Domains["pipeline.step.orders"]);
        Assert.Equal(3, snapshot.Transactions["step/orders"]);
        await Assert.ThrowsAsync<StaleRunException>(() => table.CommitAsync(Append("x") with { Transaction = new TransactionId("step/orders", 2) }));
    }

    [Theory]
    [InlineData("""{"version":3,"size":4}""")]
    [InlineData("""{"version":""")]
    public async Task ReadAsync_WrongCheckpointPointer_IsAHintOnly(string pointer)
    {
        await WriteVersionsAsync(13);
        await table.Lake.WriteAsync(Root.Append("_delta_log/_last_checkpoint"), System.Text.Encoding.UTF8.GetBytes(pointer), CancellationToken.None);
        Assert.Equal(12, (await table.ReadAsync()).Version);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadAsync_MultiPartCheckpoint_IsReadWhenWholeAndIgnoredElse(bool whole)
    {
        await WriteVersionsAsync(12);
        var classic = Root.Append("_delta_log/00000000000000000010.checkpoint.parquet");
        var content = await table.Lake.ReadAsync(classic, CancellationToken.None) ?? throw new InvalidOperationException("There is no checkpoint.");
        await table.Lake.DeleteAsync(classic, CancellationToken.None);
        for (var part = 1; part <= (whole ? 2 : 1); part++)
        {
            await table.Lake.WriteAsync(Root.Append($"_delta_log/00000000000000000010.checkpoint.000000000{part}.0000000002.parquet"), content, CancellationToken.None);
        }

        Assert.Equal(12, (await table.ReadAsync()).Files.Count);
        await table.Lake.DeleteAsync(LogFile(0), CancellationToken.None);
        if (whole)
        {
            Assert.Equal(12, (await table.ReadAsync()).Files.Count);
        }
        else
        {
            await Assert.ThrowsAsync<TerminalException>(() => table.ReadAsync());
        }
    }

    [Theory]
    [InlineData("{path: add.path, size: add.size, modificationTime: add.modificationTime, dataChange: false, deletionVector: null::struct(pathOrInlineDv varchar)}", null)]
    [InlineData("{path: null::varchar, size: add.size}", "has no path. The log is damaged")]
    [InlineData("{path: add.path, size: null::bigint}", "has no size. The log is damaged")]
    public async Task ReadAsync_CheckpointWithOtherFields_IsReadUnlessItLacksWhatAFileMustHave(string add, string? error)
    {
        await WriteVersionsAsync(11);
        var checkpoint = Root.Append("_delta_log/00000000000000000010.checkpoint.parquet");
        var folder = Directory.CreateTempSubdirectory().FullName;
        var (read, written) = (Path.Combine(folder, "read.parquet"), Path.Combine(folder, "written.parquet"));
        await System.IO.File.WriteAllBytesAsync(read, await table.Lake.ReadAsync(checkpoint, CancellationToken.None) ?? [], CancellationToken.None);
        using (var session = DuckDbSession.Open(new DuckDbOptions { TempDirectory = folder }))
        {
            session.Execute($"copy (select * replace (case when add is null then null else {add} end as add) from {Sql.Literal(read)}) to {Sql.Literal(written)}");
        }

        await table.Lake.WriteAsync(checkpoint, await System.IO.File.ReadAllBytesAsync(written, CancellationToken.None), CancellationToken.None);
        Directory.Delete(folder, recursive: true);
        if (error is not null)
        {
            Assert.Contains(error, (await Assert.ThrowsAsync<TerminalException>(() => table.ReadAsync())).Message, StringComparison.Ordinal);
            return;
        }

        var snapshot = await table.ReadAsync();
        Assert.Equal(11, snapshot.Files.Count);
        Assert.All(snapshot.Files, file => Assert.Empty(file.PartitionValues));
    }

    [Fact]
    public async Task CommitAsync_CheckpointFailed_StandsAndTheNextCheckpointMakesUpForIt()
    {
        var checkpoints = () => table.Lake.Paths.Count(path => path.EndsWith(".checkpoint.parquet", StringComparison.Ordinal));
        await WriteVersionsAsync(10);
        var notAFolder = Path.GetTempFileName();
        var blocked = new DeltaTable(table.Lake, Root, table.Clock, notAFolder);
        Assert.NotNull((await blocked.CommitAsync(Append("x"), CancellationToken.None)).CheckpointFailure);
        System.IO.File.Delete(notAFolder);
        Assert.Equal(0, checkpoints());
        Assert.Equal(10, (await table.ReadAsync()).Version);
        await WriteVersionsAsync(10);
        Assert.Equal(1, checkpoints());
        Assert.Equal(20, (await table.ReadAsync()).Version);
    }

    [Fact]
    public async Task HistoryAsync_Limit_GivesTheNewestFirstWithTheirFigures()
    {
        await WriteVersionsAsync(3);
        await table.CommitAsync(Overwrite("x") with { Operation = "REBUILD" });
        var history = await table.Table.HistoryAsync(2, CancellationToken.None);

        Assert.Equal([(3L, "REBUILD"), (2L, "WRITE")], history.Select(entry => (entry.Version, entry.Operation)));
        Assert.Equal(table.Clock.GetUtcNow(), history[0].TimestampUtc);
        Assert.Equal(("3", "1"), (history[0].Metrics["numRemovedFiles"], history[0].Metrics["numFiles"]));
    }

    private async Task WriteVersionsAsync(int count)
    {
        for (var version = 0; version < count; version++)
        {
            Assert.Null((await table.CommitAsync(Append($"file-{version:D3}"))).CheckpointFailure);
        }
    }
}
