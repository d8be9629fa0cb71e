using Pipeline.Lakehouse.Delta;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class ConflictRulesTests
{
    private readonly TestTable table = new();

    [Fact]
    public async Task CommitAsync_LostRace_IsPlannedAnewOnTheWinnersVersion()
    {
        await table.CommitAsync(Append("a"));
        WinFirst(Append("theirs"));
        var ours = await table.CommitAsync(Append("ours"));

        Assert.Equal(2, ours.Version);
        Assert.Equal(["a", "ours", "theirs"], Files(ours.Snapshot));
        Assert.Equal(Files(ours.Snapshot), Files(await table.ReadAsync()));
    }

    [Fact]
    public async Task CommitAsync_LostRaceForTheFirstVersion_JoinsTheTable()
    {
        WinFirst(Append("theirs"));
        var ours = await table.CommitAsync(Append("ours"));

        Assert.Equal(1, ours.Version);
        Assert.Equal(["ours", "theirs"], Files(ours.Snapshot));
    }

    [Theory]
    [InlineData(CommitMode.Overwrite)]
    [InlineData(CommitMode.Replace)]
    public async Task CommitAsync_RowsAddedInBetween_VoidWhatRestsOnThem(CommitMode mode)
    {
        await table.CommitAsync(Append("a"));
        WinFirst(Append("theirs"));
        await Assert.ThrowsAsync<TransientException>(() => table.CommitAsync(Commit(mode, "ours")));
        Assert.Equal(["a", "theirs"], Files(await table.ReadAsync()));
    }

    [Fact]
    public async Task CommitAsync_OverwriteOfAnOlderReadVersion_IsVoid()
    {
        await table.CommitAsync(Append("a"));
        await table.CommitAsync(Append("b"));
        await Assert.ThrowsAsync<TransientException>(() => table.CommitAsync(Overwrite("ours") with { ReadVersion = 0 }));
        Assert.Equal(2, (await table.CommitAsync(Overwrite("ours") with { ReadVersion = 1 })).Version);
    }

    [Theory]
    [InlineData(CommitMode.Append, true)]
    [InlineData(CommitMode.Overwrite, false)]
    [InlineData(CommitMode.Replace, false)]
    public async Task CommitAsync_PropertiesChangedInBetween_LeaveOnlyAnAppend(CommitMode mode, bool holds)
    {
        await table.CommitAsync(Append("a"));
        await table.CommitAsync(Append() with { Description = "changed" });
        var commit = () => table.CommitAsync(Commit(mode, "ours") with { ReadVersion = 0 });
        if (holds)
        {
            Assert.Equal("changed", (await commit()).Snapshot.Description);
        }
        else
        {
            await Assert.ThrowsAsync<TransientException>(commit);
        }
    }

    [Fact]
    public async Task CommitAsync_ReadVersionAheadOfTheTable_IsRefused()
    {
        await table.CommitAsync(Append("a"));
        await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("b") with { ReadVersion = 5 }));
    }

    [Fact]
    public async Task CommitAsync_RowsRearrangedInBetween_LeaveAnOverwriteAndVoidAReplaceOfThatFile()
    {
        await table.CommitAsync(Append("a", "b"));
        await table.CommitAsync(Commit(CommitMode.Replace, "a2") with { Remove = ["a"], DataChange = false });

        await Assert.ThrowsAsync<TransientException>(() => table.CommitAsync(Commit(CommitMode.Replace, "x") with { Remove = ["a"], ReadVersion = 0 }));
        Assert.Equal(["b2", "a2"], Files((await table.CommitAsync(Commit(CommitMode.Replace, "b2") with { Remove = ["b"], ReadVersion = 0 })).Snapshot).OrderDescending());
        Assert.Equal(["x"], Files((await table.CommitAsync(Overwrite("x") with { ReadVersion = 2 })).Snapshot));
    }

    [Fact]
    public async Task CommitAsync_SameStateChangedInBetween_VoidsEvenAnAppend()
    {
        var state = new DomainState("pipeline.step.orders", "{}");
        await table.CommitAsync(Append("a") with { Domains = [state] });
        await table.CommitAsync(Append("b") with { Domains = [state] });
        await Assert.ThrowsAsync<TransientException>(() => table.CommitAsync(Append("c") with { Domains = [state], ReadVersion = 0 }));
        Assert.Equal(2, (await table.CommitAsync(Append("c") with { Domains = [new DomainState("pipeline.step.other", "{}")], ReadVersion = 0 })).Version);
    }

    [Fact]
    public async Task CommitAsync_TypeOfAColumnChangedInBetween_VoidsEvenAnAppendOfIt()
    {
        var wide = Schema(("id", "long"), ("name", "string"));
        var narrow = Append("a") with { Schema = Schema(("id", "integer"), ("name", "string")) };
        await table.CommitAsync(narrow);
        await table.CommitAsync(Overwrite("b") with { Schema = wide });

        // What has read the narrow table is to read it again; what writes another type than it has read is wrong whatever happened.
        await Assert.ThrowsAsync<TransientException>(() => table.CommitAsync(narrow with { Add = [File("c")], ReadVersion = 0 }));
        await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(narrow with { Add = [File("c")], ReadVersion = 1 }));
        Assert.Equal(2, (await table.CommitAsync(Append("d") with { Schema = Schema(("name", "string")), ReadVersion = 0 })).Version);
    }

    [Fact]
    public async Task CommitAsync_TransactionWrittenByTheWinner_IsARepeat()
    {
        var commit = Append("a") with { Transaction = new TransactionId("step/orders", 7) };
        await table.CommitAsync(Append("first"));
        WinFirst(commit);
        var ours = await table.CommitAsync(commit with { Add = [File("a-again")] });

        Assert.True(ours.Repeated);
        Assert.Equal(1, ours.Version);
        Assert.Equal(["a", "first"], Files(await table.ReadAsync()));
    }

    [Fact]
    public async Task CommitAsync_AnswerLost_RecognisesItsOwnEntry()
    {
        await table.CommitAsync(Append("a"));
        table.Lake.OnCreate = (_, put) => put() ? throw new TransientException("The connection broke.") : false;
        var ours = await table.CommitAsync(Append("ours"));

        Assert.Equal(1, ours.Version);
        Assert.False(ours.Repeated);
        Assert.Equal(["a", "ours"], Files(await table.ReadAsync()));
        Assert.Equal(1, (await table.ReadAsync()).Version);
    }

    [Fact]
    public async Task CommitAsync_AnswerLostAndRaceLost_WritesTheNextVersion()
    {
        await table.CommitAsync(Append("a"));
        WinFirst(Append("theirs"), _ => throw new TransientException("The connection broke."));
        Assert.Equal(2, (await table.CommitAsync(Append("ours"))).Version);
    }

    [Fact]
    public async Task CommitAsync_PutNeverArrived_IsTransient()
    {
        await table.CommitAsync(Append("a"));
        table.Lake.OnCreate = (_, _) => throw new TransientException("The connection broke.");
        await Assert.ThrowsAsync<TransientException>(() => table.CommitAsync(Append("ours")));
        Assert.Equal(0, (await table.ReadAsync()).Version);
    }

    [Fact]
    public async Task CommitAsync_EveryRaceLost_GivesUpAtTheDeadline()
    {
        await table.CommitAsync(Append("a"));
        var started = table.Clock.GetUtcNow();
        table.Lake.OnCreate = (path, _) =>
        {
            table.Lake.WriteAsync(path, """{"commitInfo":{"operation":"OTHER"}}"""u8.ToArray(), CancellationToken.None);
            return false;
        };
        var lost = await Assert.ThrowsAsync<TransientException>(() => table.CommitAsync(Append("ours")));

        Assert.Contains("races", lost.Message, StringComparison.Ordinal);
        Assert.InRange(table.Clock.GetUtcNow() - started, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(62));
    }

    // Another process: its table knows nothing of our gate, and it wins the race for the next version.
    private void WinFirst(DeltaCommit theirs, Func<bool, bool>? answer = null) => table.Lake.OnCreate = (path, put) =>
    {
        table.Lake.OnCreate = null;
        new DeltaTable(new OtherProcess(table.Lake), Root, table.Clock).CommitAsync(theirs, CancellationToken.None).GetAwaiter().GetResult();
        return answer is null ? put() : answer(put());
    };
}
