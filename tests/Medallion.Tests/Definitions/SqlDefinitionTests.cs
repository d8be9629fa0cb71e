using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

public sealed class SqlDefinitionTests
{
    private const string Source = "name: shop\nsources:\n  sales:\n    connector: sql\n    connection: shop\n";

    [Fact]
    public void Read_Incremental_HasItsParts()
    {
        var (definition, problems) = Read(Source + "    table: public.sales\n    cursor: updated_at\n    lookback: 10m\n    split_by: id\n    key: [id]\n    deleted: is_deleted\n");

        Assert.Empty(problems);
        var source = Assert.Single(definition.Sources);
        Assert.Equal(new SqlDefinition { Connection = "shop", Table = "public.sales", Cursor = "updated_at", Lookback = TimeSpan.FromMinutes(10), SplitBy = "id" }, source.Sql);
        Assert.Equal(("is_deleted", "sql/shop/public.sales"), (source.Deleted, source.Arrival));
    }

    [Theory]
    [InlineData(Source + "    table: t\n", "4: source 'sales' has no 'cursor'")]
    [InlineData(Source + "    load: full\n", "4: source 'sales' has neither 'table' nor 'query'")]
    [InlineData(Source + "    load: full\n    table: t\n    query: select 1\n", "8: source 'sales' has both 'table' and 'query'")]
    [InlineData(Source + "    table: t\n    load: full\n    cursor: c\n", "8: source 'sales' has 'cursor', which is for incremental loads")]
    [InlineData(Source + "    table: t\n    load: full\n    split_by: c\n", "8: source 'sales' has 'split_by', which is for incremental loads")]
    [InlineData(Source + "    table: t\n    cursor: c\n    lookback: soon\n", "8: 'soon' is no length of time for 'lookback'")]
    [InlineData(Source + "    table: t\n    cursor: c\n    path: a.csv\n", "8: source 'sales' has 'path', which is for files")]
    [InlineData(Source + "    table: t\n    cursor: c\n    deleted: gone\n", "8: source 'sales' has 'deleted' but no 'key'")]
    [InlineData(Source + "    table: t\n    cursor: c\n    password: s3cret-word\n", "8: source 'sales' has 'password': passwords and connection strings have no place in a definition")]
    [InlineData(Source + "    table: t\n    cursor: c\n    connection_string: Host=h;Password=s3cret-word\n", "8: source 'sales' has 'connection_string'")]
    [InlineData("name: shop\nsources:\n  sales: {connector: sql, connection: 'Host=h;Password=s3cret-word', table: t, cursor: c}\n", "3: 'connection' of source 'sales' is no name of a connection")]
    [InlineData("name: shop\nsources:\n  sales: {connector: sql, connection: 'postgres://u:s3cret-word@h/d', table: t, cursor: c}\n", "3: 'connection' of source 'sales' is no name of a connection")]
    [InlineData("name: shop\nsources:\n  sales: {connector: sql, table: t, cursor: c}\n", "3: source 'sales' has no 'connection'")]
    [InlineData("name: shop\nsources:\n  sales: {connector: file, path: a.csv, cursor: c}\n", "3: source 'sales' has 'cursor', which is for the connector sql")]
    [InlineData("name: shop\nsources:\n  sales: {connector: eventhub, key: [id], deleted: gone, columns: {id: {type: bigint}, gone: {type: boolean}}}\n", "3: source 'sales' has 'deleted', which a stream cannot have")]
    public void Read_WhatCannotWork_IsRefusedWithItsLineAndNoSecret(string yaml, string expected)
    {
        var (_, problems) = Read(yaml);

        Assert.Contains(problems, p => $"{p.Line}: {p.Message}".Contains(expected, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, p => p.Message.Contains("s3cret", StringComparison.Ordinal));
    }

    private static (PipelineDefinition Definition, List<DefinitionProblem> Problems) Read(string yaml) =>
        DefinitionReader.Read(new DefinitionFiles { Name = "shop", Files = new SortedDictionary<string, string> { ["pipeline.yaml"] = yaml } });
}
