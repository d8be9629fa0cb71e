using Pipeline.Lakehouse.Delta;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

public sealed class DeltaTableCommitTests
{
    private readonly TestTable table = new();

    [Fact]
    public async Task CommitAsync_NoTable_WritesTheGoldenActions()
    {
        var result = await table.CommitAsync(Append("part-00000-a.zstd.parquet") with
        {
            Transaction = new TransactionId("step/orders", 7),
            Domains = [new DomainState("pipeline.step.orders", """{"run":"r1"}""")],
            Metrics = new Dictionary<string, string> { ["rowsIn"] = "4" },
            Description = "Orders, one row each",
        });

        Assert.Equal(0, result.Version);
        Assert.False(result.Repeated);
        Assert.Equal(
            """
            {"commitInfo":{"timestamp":1767323045000,"operation":"WRITE","operationParameters":{"mode":"Append"},"isBlindAppend":true,"operationMetrics":{"numFiles":"1","numRemovedFiles":"0","numOutputRows":"3","numOutputBytes":"103","rowsIn":"4"},"engineInfo":"Pipeline","txnId":"#"}}
            {"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["appendOnly","domainMetadata","invariants"]}}
            {"metaData":{"id":"#","description":"Orders, one row each","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"name\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{},"createdTime":1767323045000}}
            {"txn":{"appId":"step/orders","version":7,"lastUpdated":1767323045000}}
            {"domainMetadata":{"domain":"pipeline.step.orders","configuration":"{\"run\":\"r1\"}","removed":false}}
            {"add":{"path":"part-00000-a.zstd.parquet","partitionValues":{},"size":103,"modificationTime":1767323045000,"dataChange":true,"stats":"{\"numRecords\":3}"}}

            """,
            await table.EntryAsync(0),
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task CommitAsync_Append_KeepsTheFilesThatAreThere()
    {
        await table.CommitAsync(Append("a"));
        var second = await table.CommitAsync(Append("b"));

        Assert.Equal(1, second.Version);
        Assert.Equal(["a", "b"], Files(second.Snapshot));
        Assert.Equal(6, second.Snapshot.Rows);
        Assert.Equal(206, second.Snapshot.Bytes);
        Assert.DoesNotContain("metaData", await table.EntryAsync(1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommitAsync_Overwrite_RemovesAllAndMayChangeSchemaAndPartitions()
    {
        var first = await table.CommitAsync(Append("a", "b"));
        var second = await table.CommitAsync(Overwrite() with
        {
            Schema = Schema(("id", "string"), ("year", "integer")),
            PartitionColumns = ["year"],
            Add = [File("year=2026/c") with { PartitionValues = new Dictionary<string, string?> { ["year"] = "2026" } }],
        });

        Assert.Equal(["year=2026/c"], Files(second.Snapshot));
        Assert.Equal("id string, year integer", second.Snapshot.Schema.ToString());
        Assert.Equal(["year"], second.Snapshot.PartitionColumns);
        Assert.Equal(first.Snapshot.TableId, second.Snapshot.TableId);
        Assert.Contains("""{"remove":{"path":"a","deletionTimestamp":1767323045000,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{},"size":103}}""", await table.EntryAsync(1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommitAsync_Replace_RemovesTheFilesNamed()
    {
        await table.CommitAsync(Append("a", "b"));
        var result = await table.CommitAsync(Commit(CommitMode.Replace, "c") with { Remove = ["a"], ReadVersion = 0, DataChange = false });

        Assert.Equal(["b", "c"], Files(result.Snapshot));
        Assert.False(result.Snapshot.Files[1].DataChange);
    }

    [Fact]
    public async Task CommitAsync_ReplaceOfUnknownFile_NamesIt()
    {
        await table.CommitAsync(Append("a"));
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Commit(CommitMode.Replace) with { Remove = ["x"] }));
        Assert.Contains("'x'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommitAsync_RepeatedTransaction_GivesTheVersionFoundAndWritesNothing()
    {
        var commit = Append("a") with { Transaction = new TransactionId("step/orders", 7) };
        await table.CommitAsync(commit);
        await table.CommitAsync(Append("b"));
        var repeat = await table.CommitAsync(commit with { Add = [File("a2")] });

        Assert.True(repeat.Repeated);
        Assert.Equal(0, repeat.Version);
        Assert.Equal(["a"], Files(repeat.Snapshot));
        Assert.Equal(1, (await table.ReadAsync()).Version);
    }

    [Fact]
    public async Task CommitAsync_OlderTransaction_IsRefusedAsStale()
    {
        await table.CommitAsync(Append("a") with { Transaction = new TransactionId("step/orders", 7) });
        await Assert.ThrowsAsync<StaleRunException>(() => table.CommitAsync(Append("b") with { Transaction = new TransactionId("step/orders", 6) }));
        Assert.Equal(1, (await table.CommitAsync(Append("c") with { Transaction = new TransactionId("step/other", 6) })).Version);
    }

    [Fact]
    public async Task CommitAsync_MorePartitionValuesThanColumns_IsRefused()
    {
        var odd = File("a") with { PartitionValues = new Dictionary<string, string?> { ["year"] = "2026" } };
        await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append() with { Add = [odd] }));
    }

    [Theory]
    [InlineData("""{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["appendOnly","rowTracking"]}}""", "rowTracking")]
    [InlineData("""{"protocol":{"minReaderVersion":1,"minWriterVersion":8}}""", "writer version 8")]
    public async Task CommitAsync_UnknownWriterFeature_IsRefusedByNameButRead(string protocol, string named)
    {
        await ForeignTableAsync(protocol);
        Assert.Equal(0, (await table.ReadAsync()).Version);
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("b")));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_NewerReaderVersion_IsRefusedByName()
    {
        await ForeignTableAsync("""{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}}""");
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.ReadAsync());
        Assert.Contains("deletionVectors", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommitAsync_AppendOnlyTable_RefusesAnOverwriteAndTakesAnAppend()
    {
        await ForeignTableAsync("""{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""", """{"delta.appendOnly":"true"}""");
        await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Overwrite("b")));
        Assert.Equal(1, (await table.CommitAsync(Append("b"))).Version);
    }

    [Fact]
    public async Task CommitAsync_StateInTableWithoutTheFeature_IsRefusedByName()
    {
        await ForeignTableAsync("""{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""");
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("b") with { Domains = [new DomainState("pipeline.step.orders", "{}")] }));
        Assert.Contains("domainMetadata", refused.Message, StringComparison.Ordinal);
    }

    private Task ForeignTableAsync(string protocol, string configuration = "{}") => table.WriteEntryAsync(0,
        protocol + "\n" + """{"metaData":{"id":"f","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"name\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":"""
        + configuration + "}}\n");
}
