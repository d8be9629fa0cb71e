using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaTableRestoreTests(AzuriteFixture azurite)
{
    private readonly TestTable table = new();

    [Fact]
    public async Task RestoreAsync_EverythingChangedSince_GivesTheTableAsItWas()
    {
        await ThreeVersionsAsync();
        var then = await table.ReadAsync(0);
        var restored = await table.Table.RestoreAsync(0, CancellationToken.None);

        Assert.Equal(3, restored.Version);
        Assert.Equivalent(then with { Version = 3, CommittedUtc = restored.Snapshot.CommittedUtc, LastCommit = restored.Snapshot.LastCommit }, restored.Snapshot, strict: true);
        Assert.Equivalent(restored.Snapshot, await table.ReadAsync(), strict: true);
        Assert.Equal(["c"], Files(await table.ReadAsync(2)));
        Assert.Equal("RESTORE", (await table.Table.HistoryAsync(1, CancellationToken.None))[0].Operation);
        Assert.Contains("""{"domainMetadata":{"domain":"later","configuration":"{}","removed":true}}""", await table.EntryAsync(3), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RestoreAsync_StateGoneBack_TakesTheRunsSinceAgain()
    {
        await ThreeVersionsAsync();
        await table.Table.RestoreAsync(0, CancellationToken.None);

        Assert.False((await table.CommitAsync(Append("again") with { Transaction = new TransactionId("step/orders", 8) })).Repeated);
        Assert.False((await table.CommitAsync(Append("later") with { Transaction = new TransactionId("step/later", 0) })).Repeated);
        await Assert.ThrowsAsync<StaleRunException>(() => table.CommitAsync(Append("x") with { Transaction = new TransactionId("step/orders", 6) }));
    }

    [Fact]
    public async Task RestoreAsync_StateGoneBack_OutlastsACheckpoint()
    {
        await ThreeVersionsAsync();
        await table.Table.RestoreAsync(0, CancellationToken.None);
        for (var version = 4; version <= 10; version++)
        {
            await table.CommitAsync(Append($"f{version}"));
        }

        await table.Lake.DeleteAsync(LogFile(0), CancellationToken.None);
        var snapshot = await table.ReadAsync();
        Assert.Equal(["pipeline.step.orders"], snapshot.Domains.Keys);
        Assert.Equal([KeyValuePair.Create("step/orders", 7L)], snapshot.Transactions);
    }

    [Fact]
    public async Task RestoreAsync_FileGone_NamesItAndCommitsNothing()
    {
        await ThreeVersionsAsync();
        await table.Lake.DeleteAsync(Root.Append("a b"), CancellationToken.None);
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.Table.RestoreAsync(0, CancellationToken.None));

        Assert.Contains("'a%20b'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("'b'", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await table.ReadAsync()).Version);
    }

    [Fact]
    public async Task RestoreAsync_ByTime_GoesBackToTheVersionOfThen()
    {
        table.Lake.NowUtc = table.Clock.GetUtcNow();
        await table.CommitAsync(Append("a"));
        await PutAsync("a");
        table.Lake.NowUtc += TimeSpan.FromHours(1);
        await table.CommitAsync(Overwrite("b"));

        Assert.Equal(["a"], Files((await table.Table.RestoreAsync(table.Lake.NowUtc.AddSeconds(-1), CancellationToken.None)).Snapshot));
    }

    [Fact]
    public async Task RestoreAsync_NoTableOrNoSuchVersion_IsAnUnknownVersion()
    {
        await Assert.ThrowsAsync<UnknownVersionException>(() => table.Table.RestoreAsync(0, CancellationToken.None));
        await Assert.ThrowsAsync<UnknownVersionException>(() => table.Table.RestoreAsync(DateTimeOffset.UnixEpoch, CancellationToken.None));
        await table.CommitAsync(Append("a"));
        await Assert.ThrowsAsync<UnknownVersionException>(() => table.Table.RestoreAsync(1, CancellationToken.None));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task RestoreAsync_RowsOrStateChangedInBetween_IsVoid(bool rows, bool state)
    {
        await ThreeVersionsAsync();
        var theirs = Append(rows ? ["theirs"] : []) with { Domains = state ? [new DomainState("pipeline.step.new", "{}")] : [] };
        table.Lake.OnCreate = (_, put) =>
        {
            table.Lake.OnCreate = null;
            new DeltaTable(new OtherProcess(table.Lake), Root, table.Clock).CommitAsync(theirs with { Schema = Schema(("id", "string")) }, CancellationToken.None).GetAwaiter().GetResult();
            return put();
        };

        await Assert.ThrowsAsync<TransientException>(() => table.Table.RestoreAsync(0, CancellationToken.None));
        Assert.Equal(3, (await table.ReadAsync()).Version);
        Assert.Equal(4, (await table.Table.RestoreAsync(0, CancellationToken.None)).Version);
    }

    [Fact]
    public async Task RestoreAsync_OnARealLake_GivesTheRowsBack()
    {
        using var real = await LakeTable.CreateAsync(azurite);
        await real.CommitAsync(CommitMode.Append, "SELECT range AS id, 'ä b' AS p FROM range(3)", "p");
        await real.CommitAsync(CommitMode.Append, "SELECT 3 ::BIGINT AS id, 'c' AS p", "p");
        await real.CommitAsync(CommitMode.Overwrite, "SELECT 'other' AS name");
        var restored = await real.Table.RestoreAsync(1, CancellationToken.None);

        Assert.Equal(["0|ä b", "1|ä b", "2|ä b", "3|c"], await real.RowsAsync(restored.Snapshot));
        Assert.Equal(["other"], await real.RowsAsync(await real.Table.ReadAsync(2, CancellationToken.None) ?? throw new InvalidOperationException()));
    }

    // Version 0 is what is gone back to; 1 appends and moves the state on, 2 overwrites with another schema.
    private async Task ThreeVersionsAsync()
    {
        await PutAsync("a b");
        await PutAsync("b");
        await table.CommitAsync(Append("a%20b", "b") with
        {
            Transaction = new TransactionId("step/orders", 7),
            Domains = [new DomainState("pipeline.step.orders", """{"cursor":1}""")],
            Description = "As it was",
        });
        await table.CommitAsync(Append() with { Transaction = new TransactionId("step/orders", 8), Domains = [new DomainState("pipeline.step.orders", """{"cursor":2}""")] });
        await table.CommitAsync(Overwrite("c") with
        {
            Schema = Schema(("id", "string")),
            Transaction = new TransactionId("step/later", 1),
            Domains = [new DomainState("later", "{}")],
            Description = "Changed",
        });
    }

    private Task PutAsync(string path) => table.Lake.WriteAsync(Root.Append(path), new byte[] { 1 }, CancellationToken.None);
}
