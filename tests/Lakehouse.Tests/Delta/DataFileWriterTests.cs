using System.Text.Json;
using Pipeline.Lakehouse.Delta;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DataFileWriterTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task WriteAsync_NoRows_GivesNoFile()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        Assert.Empty(await table.WriteAsync("SELECT 1 AS id WHERE false"));
        Assert.Empty(await table.WriteAsync("SELECT 1 AS id, 2 AS p WHERE false", "p"));
    }

    [Fact]
    public async Task WriteAsync_Rows_GivesANamedFileThatLiesOnTheLake()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var file = Assert.Single(await table.WriteAsync("SELECT range AS id FROM range(1000) -- a comment at the end"));
        var found = await table.Lake.FindAsync(table.Root.Append("part-00000-i1.zstd.parquet"), CancellationToken.None);

        Assert.Equal("part-00000-i1.zstd.parquet", file.Path);
        Assert.Equal(found?.SizeBytes, file.SizeBytes);
        Assert.Equal(found?.ModifiedUtc.ToUnixTimeMilliseconds(), file.ModifiedUnixMilliseconds);
        Assert.Equal(1000, file.Statistics?.Rows);
        Assert.Empty(Directory.EnumerateFileSystemEntries(table.Session.TempDirectory));
    }

    [Fact]
    public async Task WriteAsync_PartitionsWithSpecialCharacters_EscapesForHiveThenForTheLog()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var files = await table.WriteAsync(
            """
            SELECT * FROM (VALUES
                (1, 'c d/ü%', DATE '2026-01-02', TIMESTAMP '2026-01-02 03:04:05.25', true, 1.50::DECIMAL(6,2)),
                (2, NULL, NULL, NULL, NULL, NULL)) AS t(id, "p q", d, t, b, m)
            """,
            "p q", "d", "t", "b", "m");

        var full = Assert.Single(files, file => file.PartitionValues["p q"] is not null);
        Assert.Equal("""{"p q":"c d/ü%","d":"2026-01-02","t":"2026-01-02T03:04:05.25Z","b":"true","m":"1.50"}""", Relaxed(full.PartitionValues));
        Assert.StartsWith("p%2520q=c%2520d%252F%25C3%25BC%2525/d=2026-01-02/t=2026-01-02%252003%253A04%253A05.25%252B00/b=true/m=1.50/part-0000", full.Path, StringComparison.Ordinal);
        Assert.NotNull(await table.Lake.FindAsync(table.Root.Append(Uri.UnescapeDataString(full.Path)), CancellationToken.None));

        var empty = Assert.Single(files, file => file.PartitionValues["p q"] is null);
        Assert.All(empty.PartitionValues.Values, Assert.Null);
        Assert.Contains("p%2520q=__HIVE_DEFAULT_PARTITION__/", empty.Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteAsync_DecimalWithoutWholeDigits_GivesStatisticsThatAreJson()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var file = Assert.Single(await table.WriteAsync("SELECT unnest([-0.25, 0.5])::DECIMAL(2,2) AS share"));

        Assert.Equal("""{"numRecords":2,"minValues":{"share":-0.25},"maxValues":{"share":0.50},"nullCount":{"share":0}}""", file.Statistics?.Json);
    }

    [Fact]
    public async Task WriteAsync_EveryType_GivesExactStatistics()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var file = Assert.Single(await table.WriteAsync(
            """
            SELECT * FROM (VALUES
                (5, 12.34::DECIMAL(18,4), 2.5, 'b', DATE '2024-01-02', TIMESTAMPTZ '2024-01-02 03:04:05.123999+00', true, {'a': 1, 'b.c': 'x'}, [1], NULL::INTEGER, 'nan'::DOUBLE, 'a"b', 17::HUGEINT),
                (-3, -7, -0.5, NULL, DATE '1969-12-31', TIMESTAMPTZ '1960-01-02 03:04:05+00', false, {'a': NULL, 'b.c': 'ä'}, NULL, NULL, 1, 'z', 3)
            ) AS t(i, de, d, s, dt, ts, b, st, l, n, nan, "q""x", h)
            """));

        Assert.Equal(
            """{"numRecords":2,"minValues":{"i":-3,"de":-7.0000,"d":-0.5,"s":"b","dt":"1969-12-31","ts":"1960-01-02T03:04:05.000Z","st":{"a":1,"b.c":"x"},"q\"x":"a\"b","h":3},"maxValues":{"i":5,"de":12.3400,"d":2.5,"s":"b","dt":"2024-01-02","ts":"2024-01-02T03:04:05.123Z","st":{"a":1,"b.c":"ä"},"q\"x":"z","h":17},"nullCount":{"i":0,"de":0,"d":0,"s":1,"dt":0,"ts":0,"b":0,"st":{"a":1,"b.c":0},"n":2,"nan":0,"q\"x":0,"h":0}}""",
            file.Statistics?.Json);
    }

    [Theory]
    [InlineData("repeat('a', 32)", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("repeat('a', 33)", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\U0010FFFF")]
    [InlineData("repeat('a', 31) || '😀😀'", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa😀", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa😀\U0010FFFF")]
    [InlineData("repeat('a', 32) || chr(1114111) || 'b'", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\U0010FFFF\U0010FFFF")]
    [InlineData("repeat('a', 5000)", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\U0010FFFF")]
    public async Task WriteAsync_LongText_BoundsItByAPrefix(string text, string min, string max)
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var file = Assert.Single(await table.WriteAsync($"SELECT {text} AS s"));
        using var statistics = JsonDocument.Parse(file.Statistics?.Json ?? "");
        Assert.Equal(min, statistics.RootElement.GetProperty("minValues").GetProperty("s").GetString());
        Assert.Equal(max, statistics.RootElement.GetProperty("maxValues").GetProperty("s").GetString());
    }

    [Fact]
    public async Task WriteAsync_LargeResult_IsCutIntoFilesInOrder()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        const string select = "SELECT range AS id, hash(range)::VARCHAR AS text FROM range(1500000)";
        var files = await new DataFileWriter(table.Lake, fileSizeBytes: 1 << 20).WriteAsync(table.Session, select, table.Root, [], "cut", CancellationToken.None);

        Assert.InRange(files.Count, 3, 20);
        Assert.Equal(Enumerable.Range(0, files.Count).Select(index => $"part-{index:D5}-cut.zstd.parquet"), files.Select(file => file.Path));
        Assert.Equal(1500000, files.Sum(file => file.Statistics?.Rows));
        var starts = files.Select(file => JsonDocument.Parse(file.Statistics?.Json ?? "").RootElement.GetProperty("minValues").GetProperty("id").GetInt64()).ToList();
        Assert.Equal(starts.Order(), starts);
    }

    [Fact]
    public async Task WriteAsync_MorePartitionsThanOpenFiles_LosesNoRow()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        table.Session.Execute("SET partitioned_write_max_open_files = 5; SET partitioned_write_flush_threshold = 1000");
        var snapshot = await table.CommitAsync(CommitMode.Append, "SELECT range AS id, range % 20 AS p FROM range(20000)", "p");

        Assert.InRange(snapshot.Files.Count, 21, 1000);
        Assert.Equal(20000, snapshot.Rows);
        Assert.Equal(["20000|199990000|20"], await table.RowsAsync(snapshot, "SELECT count(*), sum(id), count(DISTINCT p) FROM silver.orders WHERE id % 20 = p"));
    }

    [Fact]
    public async Task WriteAsync_TypeNoTableHolds_NamesColumnTypeAndCast()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.WriteAsync("SELECT INTERVAL 1 DAY AS gap"));
        Assert.Contains("'gap' is a INTERVAL", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WriteAsync_SameInvocationTwice_OverwritesNothing()
    {
        using var table = await LakeTable.CreateAsync(azurite);
        await table.WriteAsync("SELECT 1 AS id");
        await Assert.ThrowsAsync<TerminalException>(() => new DataFileWriter(table.Lake).WriteAsync(table.Session, "SELECT 2 AS id", table.Root, [], "i1", CancellationToken.None));
    }

    private static string Relaxed(IReadOnlyDictionary<string, string?> values) =>
        "{" + string.Join(',', values.Select(entry => $"\"{entry.Key}\":\"{entry.Value}\"")) + "}";
}
