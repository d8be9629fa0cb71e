using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaHistoryTests(AzuriteFixture azurite)
{
    private const string States = "SELECT id, v, valid_from, valid_to, is_current, is_deleted, observed FROM silver.orders ORDER BY id, valid_from";
    private int batches;

    [Fact]
    public async Task RunAsync_SeveralChangesOfAKey_AreOneRowPerState()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var (counts, commit) = await ApplyAsync(table, (1, "a", 10), (1, "b", 20), (2, "x", 10), (1, "b", 25), (1, "a", 30));
        Assert.Equal(
            ["1|a|10|20|false|false|[10]", "1|b|20|30|false|false|[20, 25]", "1|a|30|NULL|true|false|[30]", "2|x|10|NULL|true|false|[10]"],
            await table.RowsAsync(commit?.Snapshot ?? throw new InvalidOperationException(), States));
        Assert.Equal(new MergeCounts(4, 0, 0, 0, 0), counts);
        Assert.Equal("HISTORY", (await table.Table.HistoryAsync(1, CancellationToken.None))[0].Operation);
    }

    [Fact]
    public async Task RunAsync_LateRow_IsPutInItsPlace()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await ApplyAsync(table, (1, "a", 10), (1, "a", 30));
        var (counts, commit) = await ApplyAsync(table, (1, "b", 20), (1, "0", 5));
        Assert.Equal(
            ["1|0|5|10|false|false|[5]", "1|a|10|20|false|false|[10]", "1|b|20|30|false|false|[20]", "1|a|30|NULL|true|false|[30]"],
            await table.RowsAsync(commit?.Snapshot ?? throw new InvalidOperationException(), States));
        Assert.Equal(new MergeCounts(3, 1, 0, 0, 1), counts);
    }

    [Fact]
    public async Task RunAsync_SameRowsAgain_ChangesNothing()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await ApplyAsync(table, (1, "a", 10), (2, null, 10));
        var (counts, commit) = await ApplyAsync(table, (2, null, 10), (1, "a", 10), (1, "a", 10));
        Assert.Equal((new MergeCounts(0, 0, 0, 2, 0), null), (counts, commit));
    }

    [Fact]
    public async Task RunAsync_OtherKeys_KeepTheirFiles()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var first = (await ApplyAsync(table, (1, "a", 10))).Commit?.Snapshot.Files[0].Path;
        await ApplyAsync(table, (5, "a", 10));
        var (counts, commit) = await ApplyAsync(table, (5, "b", 11), (7, "c", 1));
        Assert.Equal(new MergeCounts(2, 1, 0, 0, 1), counts);
        Assert.Contains(first, commit?.Snapshot.Files.Select(file => file.Path) ?? []);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task RunAsync_AnyOrderAndBatches_GiveTheHistoryOfOneBatch(int seed)
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var random = new Random(seed);
        var changes = Enumerable.Range(0, 60).Select(_ => (Id: random.Next(4), Sequence: random.Next(40))).Distinct()
            .Select(change => Row(change.Id, random.Next(5) == 0 ? null : $"v{random.Next(3)}", change.Sequence, random.Next(5) == 0)).ToArray();
        var expected = await table.RowsAsync((await ApplyAsync(table, changes)).Commit?.Snapshot ?? throw new InvalidOperationException(), States);
        using var other = await LakeTable.CreateAsync(azurite);
        random.Shuffle(changes);
        for (var taken = 0; taken < changes.Length;)
        {
            // A batch brings back some of what came before.
            var size = 1 + random.Next(20);
            await ApplyAsync(other, changes.Skip(Math.Max(0, taken - 3)).Take(size + 3).ToArray());
            taken += size;
        }

        var found = await other.Table.ReadAsync(null, CancellationToken.None) ?? throw new InvalidOperationException();
        Assert.Equal(expected, await other.RowsAsync(found, States));
        Assert.Contains(expected, row => row.Contains("|true|[", StringComparison.Ordinal));
        Assert.Null((await ApplyAsync(other, changes)).Commit);
    }

    [Fact]
    public async Task RunAsync_EndOfAKey_IsAStateThatIsNotCurrent()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await ApplyAsync(table, Row(1, "a", 10, false), Row(1, "ignored", 20, true), Row(2, "b", 1, true));
        var after = (await ApplyAsync(table, Row(1, "a", 30, false), Row(1, "other", 20, true))).Commit?.Snapshot ?? throw new InvalidOperationException();
        Assert.Equal(
            ["1|a|10|20|false|false|[10]", "1|NULL|20|30|false|true|[20]", "1|a|30|NULL|true|false|[30]", "2|NULL|1|NULL|false|true|[1]"],
            await table.RowsAsync(after, States));
    }

    [Fact]
    public async Task RunAsync_ColumnOfTheTableThatDoesNotCome_StaysInOldStatesAndIsNullInNewOnes()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        HistoryRequest Of(string select) => new() { Select = select, Key = ["id"], SequenceColumn = "seq" };
        await ApplyAsync(table, Of("SELECT 1 AS id, 'a' AS v, [7] AS more, 10 AS seq UNION ALL SELECT 2, 'x', [8], 10"));
        var (counts, commit) = await ApplyAsync(table, Of("SELECT 1 AS id, 'a' AS v, 10 AS seq UNION ALL SELECT 1, 'b', 20"));
        Assert.Equal(
            ["1|a|[7]|10|20", "1|b|NULL|20|NULL", "2|x|[8]|10|NULL"],
            await table.RowsAsync(commit?.Snapshot ?? throw new InvalidOperationException(), "SELECT id, v, more, valid_from, valid_to FROM silver.orders ORDER BY id, valid_from"));
        Assert.Equal(new MergeCounts(1, 1, 0, 1, 1), counts);
    }

    [Fact]
    public async Task RunAsync_AnotherStateAtAKnownSequence_IsRefused()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await ApplyAsync(table, (1, "a", 10), (1, "a", 20));
        var late = await Assert.ThrowsAsync<TerminalException>(() => ApplyAsync(table, (1, "b", 20)));
        Assert.Contains("A row that comes has id = 1 at 20, where the history has another state", late.Message, StringComparison.Ordinal);
        var twice = await Assert.ThrowsAsync<TerminalException>(() => ApplyAsync(table, (3, "a", 10), (3, "b", 10)));
        Assert.Contains("id = 3 and valid_from = 10", twice.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT NULL::INTEGER AS id, 'a' AS v, 1 AS seq", "have null in the key (id)")]
    [InlineData("SELECT 1 AS id, 'a' AS v, NULL::INTEGER AS seq", "have null in the key (id) or in valid_from")]
    [InlineData("SELECT 1 AS id, 'a' AS v", "needs the column 'seq'")]
    [InlineData("SELECT 1 AS id, 'a' AS observed, 1 AS seq", "one of the history's own")]
    public async Task RunAsync_RowsThatDoNotFit_AreRefused(string select, string message)
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var refused = await Assert.ThrowsAsync<TerminalException>(() => ApplyAsync(table, new HistoryRequest { Select = select, Key = ["id"], SequenceColumn = "seq" }));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    private static string Row(int id, string? value, int sequence, bool gone) => $"({id}, {(value is null ? "NULL" : $"'{value}'")}, {sequence}, {gone})";

    private Task<MergeResult> ApplyAsync(LakeTable table, params (int Id, string? Value, int Sequence)[] rows) =>
        ApplyAsync(table, [.. rows.Select(row => Row(row.Id, row.Value, row.Sequence, gone: false))]);

    private Task<MergeResult> ApplyAsync(LakeTable table, params string[] rows) => ApplyAsync(
        table, new HistoryRequest { Select = $"SELECT id, v::VARCHAR AS v, seq, gone FROM (VALUES {string.Join(", ", rows)}) AS t(id, v, seq, gone)", Key = ["id"], SequenceColumn = "seq", DeleteColumn = "gone" });

    private Task<MergeResult> ApplyAsync(LakeTable table, HistoryRequest request) =>
        new DeltaHistory(table.Lake, table.Cache, TimeProvider.System).RunAsync(table.Session, table.Root, request, $"h{++batches}", CancellationToken.None);
}
