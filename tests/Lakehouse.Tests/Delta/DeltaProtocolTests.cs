using Pipeline.Lakehouse.Delta;
using static Pipeline.Lakehouse.Tests.Delta.TestTable;

namespace Pipeline.Lakehouse.Tests.Delta;

/// <summary>Tables that other engines made.</summary>
public sealed class DeltaProtocolTests
{
    private readonly TestTable table = new();

    [Theory]
    [InlineData("columnMapping", """{"delta.columnMapping.mode":"name"}""")]
    [InlineData("deletionVectors", "{}")]
    [InlineData("typeWidening", "{}")]
    [InlineData("typeWidening-preview", "{}")]
    [InlineData("v2Checkpoint", "{}")]
    [InlineData("variantType", "{}")]
    [InlineData("catalogManaged", "{}")]
    [InlineData("somethingNew", "{}")]
    public async Task ReadAsync_ReaderFeatureNotKnown_IsRefusedByNameInReadsAndWrites(string feature, string configuration)
    {
        await ForeignAsync($$"""{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["vacuumProtocolCheck","{{feature}}"],"writerFeatures":["{{feature}}"]}""", configuration);
        foreach (var use in new Func<Task>[] { () => table.ReadAsync(), () => table.CommitAsync(Append("b")) })
        {
            Assert.Contains($"asks for reader version 3 with {feature}, which is not known here", (await Assert.ThrowsAsync<TerminalException>(use)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"minReaderVersion":2,"minWriterVersion":5}""", """{"delta.columnMapping.mode":"id"}""", "columnMapping")]
    [InlineData("""{"minReaderVersion":3,"minWriterVersion":7}""", "{}", "reader version 3")]
    [InlineData("""{"minReaderVersion":99,"minWriterVersion":7}""", "{}", "reader version 99")]
    public async Task ReadAsync_ReaderVersionNotKnown_IsRefused(string protocol, string configuration, string named)
    {
        await ForeignAsync(protocol, configuration);
        Assert.Contains(named, (await Assert.ThrowsAsync<TerminalException>(() => table.ReadAsync())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"minReaderVersion":1,"minWriterVersion":1}""", "{}")]
    [InlineData("""{"minReaderVersion":1,"minWriterVersion":3}""", """{"delta.checkpoint.writeStatsAsJson":"true"}""")]
    [InlineData("""{"minReaderVersion":1,"minWriterVersion":4}""", """{"delta.enableChangeDataFeed":"false"}""")]
    [InlineData("""{"minReaderVersion":2,"minWriterVersion":6}""", """{"delta.columnMapping.mode":"none"}""")]
    [InlineData("""{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[],"writerFeatures":[]}""", "{}")]
    [InlineData("""{"minReaderVersion":1,"minWriterVersion":2}""", "null")]
    [InlineData("""{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping","timestampNtz","vacuumProtocolCheck"],"writerFeatures":["columnMapping","timestampNtz","vacuumProtocolCheck","checkConstraints","generatedColumns","identityColumns","changeDataFeed","allowColumnDefaults","inCommitTimestamp","invariants","appendOnly"]}""", "{}")]
    public async Task CommitAsync_FeaturesThatTheTableDoesNotUse_AreNoHindrance(string protocol, string configuration)
    {
        await ForeignAsync(protocol, configuration);
        await table.CommitAsync(Append("b"));
        Assert.Equal(["a", "b"], Files(await table.ReadAsync()));
    }

    [Theory]
    [InlineData(2, "{}", """\"delta.invariants\":\"{\\\"expression\\\":{\\\"expression\\\":\\\"id > 3\\\"}}\" """, "invariants")]
    [InlineData(3, """{"delta.constraints.positive":"id > 0"}""", "", "checkConstraints")]
    [InlineData(3, """{"delta.checkpoint.writeStatsAsJson":"false"}""", "", "delta.checkpoint.writeStatsAsJson is false")]
    [InlineData(3, """{"delta.checkpoint.writeStatsAsStruct":"true"}""", "", "delta.checkpoint.writeStatsAsStruct is true")]
    [InlineData(4, """{"delta.enableChangeDataFeed":"true"}""", "", "changeDataFeed")]
    [InlineData(4, "{}", """\"delta.generationExpression\":\"1\" """, "generatedColumns")]
    [InlineData(6, "{}", """\"delta.identity.start\":1""", "identityColumns")]
    [InlineData(7, "{}", """\"CURRENT_DEFAULT\":\"1\" """, "allowColumnDefaults")]
    [InlineData(7, """{"delta.enableInCommitTimestamps":"true"}""", "", "inCommitTimestamp")]
    public async Task CommitAsync_FeatureInUse_IsRefusedByNameButRead(int writer, string configuration, string columnMetadata, string named)
    {
        var features = writer == 7 ? ""","writerFeatures":["invariants","checkConstraints","allowColumnDefaults","inCommitTimestamp"]""" : "";
        await ForeignAsync($$"""{"minReaderVersion":1,"minWriterVersion":{{writer}}{{features}}}""", configuration, columnMetadata);
        Assert.Equal(["a"], Files(await table.ReadAsync()));
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Append("b")));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.Contains("It can be read, not written", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<TerminalException>(() => new DeltaVacuum(table.Lake, table.Clock).RunAsync(Root, dryRun: true, CancellationToken.None));
        await Assert.ThrowsAsync<TerminalException>(() => new DeltaLogCleanup(table.Lake, table.Clock).RunAsync(Root, dryRun: true, CancellationToken.None));
    }

    [Fact]
    public async Task ReadAsync_TableWithoutASchema_IsRefused()
    {
        await table.WriteEntryAsync(0, """{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}""" + "\n" + """{"metaData":{"id":"f","schemaString":null,"partitionColumns":null,"configuration":null}}""");
        Assert.Contains("names no schema", (await Assert.ThrowsAsync<TerminalException>(() => table.ReadAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommitAsync_AppendOnly_TakesAReplaceThatRemovesNothing()
    {
        await ForeignAsync("""{"minReaderVersion":1,"minWriterVersion":2}""", """{"delta.appendOnly":"true"}""");
        Assert.Equal(1, (await table.CommitAsync(Commit(CommitMode.Replace, "b"))).Version);
        var refused = await Assert.ThrowsAsync<TerminalException>(() => table.CommitAsync(Commit(CommitMode.Replace, "c") with { Remove = ["b"] }));
        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await table.CommitAsync(Commit(CommitMode.Replace, "c") with { Remove = ["b"], DataChange = false })).Version);
    }

    private async Task ForeignAsync(string protocol, string configuration, string columnMetadata = "")
    {
        await table.WriteEntryAsync(0, $$"""{"protocol":{{protocol}}}""" + "\n"
            + """{"metaData":{"id":"f","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{""" + columnMetadata
            + """}},{\"name\":\"name\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":""" + configuration + "}}\n"
            + """{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":0,"dataChange":true}}""" + "\n");
    }
}
