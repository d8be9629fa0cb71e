using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

public sealed class TableDefinitionTests
{
    private const string Source = "name: shop\nsources:\n  devices:\n    connector: table\n    connection: telemetry\n";

    [Fact]
    public void Read_Incremental_HasItsParts()
    {
        var (definition, problems) = Read(Source + "    table: Devices\n    filter: PartitionKey eq 'a''b (' and (Amount gt 5)\n    lookback: 10m\n    key: [partition_key, row_key]\n");

        Assert.Empty(problems);
        var source = Assert.Single(definition.Sources);
        Assert.Equal(new TableDefinition { Connection = "telemetry", Table = "Devices", Filter = "PartitionKey eq 'a''b (' and (Amount gt 5)", Lookback = TimeSpan.FromMinutes(10) }, source.Table);
        Assert.Equal(("table/telemetry/Devices", "telemetry"), (source.Arrival, source.Connection));
    }

    [Fact]
    public void Read_NoLookback_LooksBackAMinute() => Assert.Equal(TimeSpan.FromMinutes(1), Assert.Single(Read(Source + "    table: Devices\n").Definition.Sources).Table?.Lookback);

    [Theory]
    [InlineData("    load: full\n", "3: source 'devices' has no 'table'")]
    [InlineData("    table: a/b\n", "6: 'table' of source 'devices' is 'a/b', which is no name of a table")]
    [InlineData("    table: A\n    cursor: Timestamp\n", "7: source 'devices' has 'cursor', which a table has of itself")]
    [InlineData("    table: A\n    query: select 1\n", "7: source 'devices' has 'query', which is for the connector sql")]
    [InlineData("    table: A\n    split_by: b\n", "7: source 'devices' has 'split_by', which is for the connector sql")]
    [InlineData("    table: A\n    path: b\n", "7: source 'devices' has 'path', which is for files")]
    [InlineData("    table: A\n    load: full\n    lookback: 1m\n", "8: source 'devices' has 'lookback', which is for incremental loads")]
    [InlineData("    table: A\n    filter: timestamp gt datetime'2024-01-01'\n", "7: 'filter' of source 'devices' names Timestamp")]
    [InlineData("    table: A\n    filter: \"B eq 'x\"\n", "7: 'filter' of source 'devices' has a text that does not end")]
    [InlineData("    table: A\n    filter: B eq 1) or (C eq 2\n", "7: 'filter' of source 'devices' has brackets that do not belong together")]
    [InlineData("    table: A\n    filter: (B eq 1\n", "7: 'filter' of source 'devices' has brackets that do not belong together")]
    [InlineData("    table: A\n    account_key: s3cret\n", "7: source 'devices' has 'account_key': passwords and connection strings have no place in a definition")]
    public void Read_WhatCannotWork_IsRefusedWithItsLineAndNoSecret(string keys, string expected)
    {
        var (_, problems) = Read(Source + keys);

        Assert.Contains(problems, p => $"{p.Line}: {p.Message}".Contains(expected, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, p => p.Message.Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_FilterOfAnotherConnector_IsRefused() =>
        Assert.Contains(Read("name: shop\nsources:\n  sales: {connector: file, path: a.csv, filter: b}\n").Problems, p => p.Message == "source 'sales' has 'filter', which is for the connector table");

    [Fact]
    public void Read_TimestampInAText_IsTaken() => Assert.Empty(Read(Source + "    table: A\n    filter: B eq 'Timestamp'\n").Problems);

    private static (PipelineDefinition Definition, List<DefinitionProblem> Problems) Read(string yaml) =>
        DefinitionReader.Read(new DefinitionFiles { Name = "shop", Files = new SortedDictionary<string, string> { ["pipeline.yaml"] = yaml } });
}
