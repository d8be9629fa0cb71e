using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Tests.Definitions;

public sealed class RestDefinitionTests
{
    private const string Source = "name: shop\nsources:\n  sales:\n    connector: rest\n    connection: shop\n";

    [Fact]
    public void Read_Incremental_HasItsParts()
    {
        var (definition, problems) = Read(Source + """
                cursor: updated_at
                lookback: 10m
                key: [id]
                rest:
                  path: v2/orders
                  method: post
                  query: {limit: 200}
                  headers: {Accept-Language: en}
                  body: {filter: {status: [open, 1, true, null, "2"]}}
                  records: data.items
                  since: filter.from
                  since_format: seconds
                  parameters: body
                  rate: 100/m
                  pages: {by: offset, parameter: page.skip, more: has_more, max: 50}

            """);

        Assert.Empty(problems);
        var source = Assert.Single(definition.Sources);
        var rest = Assert.IsType<RestDefinition>(source.Rest);
        Assert.Equal("""{"filter":{"status":["open",1,true,null,"2"]}}""", rest.Body);
        Assert.Equal(("200", "en"), (rest.Query["limit"], rest.Headers["Accept-Language"]));
        Assert.Equal(
            new RestDefinition
            {
                Connection = "shop",
                Path = "v2/orders",
                Method = RestMethod.Post,
                Query = rest.Query,
                Headers = rest.Headers,
                Body = rest.Body,
                Records = "data.items",
                Cursor = "updated_at",
                Lookback = TimeSpan.FromMinutes(10),
                Since = "filter.from",
                SinceFormat = SinceFormat.Seconds,
                Parameters = ParameterPlace.Body,
                Rate = new RestRate(100, TimeSpan.FromMinutes(1)),
                Pages = new RestPaging { By = PageBy.Offset, Parameter = "page.skip", More = "has_more", Max = 50, Verify = true },
            },
            rest);
        Assert.Equal("rest/shop/v2/orders", source.Arrival);
    }

    [Theory]
    [InlineData("    cursor: c\n", "4: source 'sales' has no 'rest'")]
    [InlineData("    rest: {path: orders}\n", "4: source 'sales' has no 'cursor': an incremental load needs the field")]
    [InlineData("    load: full\n    cursor: c\n    rest: {path: orders}\n", "7: source 'sales' has 'cursor', which is for incremental loads: a full load takes all records")]
    [InlineData("    load: full\n    rest: {path: orders, since: s}\n", "7: source 'sales' has 'since', which is for incremental loads")]
    [InlineData("    cursor: c\n    lookback: 1m\n    rest: {path: orders}\n", "7: source 'sales' has 'lookback' but no 'since'")]
    [InlineData("    cursor: c\n    rest: {path: orders, since_format: date}\n", "7: source 'sales' has 'since_format' but no 'since'")]
    [InlineData("    load: full\n    rest: {}\n", "7: 'rest' of source 'sales' has no 'path'")]
    [InlineData("    load: full\n    path: orders\n    rest: {path: orders}\n", "7: source 'sales' has 'path', which is for files: the path of an API belongs below 'rest'")]
    [InlineData("    load: full\n    split_by: id\n    rest: {path: orders}\n", "7: source 'sales' has 'split_by', which is for the connector sql")]
    [InlineData("    load: full\n    rest: {path: 'https://other.example.com/orders'}\n", "7: 'path' of source 'sales' is no path below the URL of its connection")]
    [InlineData("    load: full\n    rest: {path: ../admin}\n", "7: 'path' of source 'sales' is no path")]
    [InlineData("    load: full\n    rest: {path: 'orders?api_key=s3cret-word'}\n", "7: 'path' of source 'sales' is no path")]
    [InlineData("    load: full\n    rest: {path: orders, query: {api_key: s3cret-word}}\n", "7: 'query' of source 'sales' has 'api_key', which carries a secret: expected it in the app's setting Connections__shop, such as Auth=apikey;Query=api_key;Key=…")]
    [InlineData("    load: full\n    rest: {path: orders, headers: {Authorization: Bearer s3cret-word}}\n", "7: 'headers' of source 'sales' has 'Authorization', which carries a secret")]
    [InlineData("    load: full\n    rest: {path: orders, headers: {X-Api-Key: s3cret-word}}\n", "7: 'headers' of source 'sales' has 'X-Api-Key', which carries a secret")]
    [InlineData("    load: full\n    rest: {path: orders, headers: {'a b': c}}\n", "7: 'a b' in 'headers' of source 'sales' is no name of a header")]
    [InlineData("    load: full\n    rest: {path: orders, body: {a: 1}}\n", "7: source 'sales' has a 'body', which only 'method: post' sends")]
    [InlineData("    load: full\n    rest: {path: orders, parameters: body}\n", "7: 'parameters' of source 'sales' is 'body', which only 'method: post' sends")]
    [InlineData("    load: full\n    rest: {path: orders, method: post, body: [1]}\n", "7: 'body' of source 'sales' is no mapping")]
    [InlineData("    load: full\n    rest: {path: orders, pages: {parameter: p}}\n", "7: 'pages' of source 'sales' has no 'by': expected page, offset, cursor or link")]
    [InlineData("    load: full\n    rest: {path: orders, pages: {by: cursor}}\n", "7: 'pages' of source 'sales' has no 'next'")]
    [InlineData("    load: full\n    rest: {path: orders, pages: {by: page, next: n}}\n", "7: 'pages' of source 'sales' has 'next', which 'by: page' has no use for")]
    [InlineData("    load: full\n    rest: {path: orders, pages: {by: link, parameter: p}}\n", "7: 'pages' of source 'sales' has 'parameter', which 'by: link' has no use for")]
    [InlineData("    load: full\n    rest: {path: orders, pages: {by: page, max: 0}}\n", "7: 'max' is '0': expected a whole number from 1 on")]
    [InlineData("    load: full\n    rest: {path: orders, rate: fast}\n", "7: 'rate' is 'fast': expected requests in a second, a minute or an hour, such as 5/s")]
    [InlineData("    load: full\n    rest: {path: orders, page: {by: page}}\n", "7: unknown key 'page' in 'rest' of source 'sales'")]
    public void Read_WhatCannotWork_IsRefusedWithItsLineAndNoSecret(string keys, string expected)
    {
        var (_, problems) = Read(Source + keys);

        Assert.Contains(problems, p => $"{p.Line}: {p.Message}".Contains(expected, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, p => p.Message.Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_RestOfAnotherConnector_IsRefused()
    {
        var (_, problems) = Read("name: shop\nsources:\n  sales: {connector: file, path: a.csv, rest: {path: b}}\n");

        Assert.Contains(problems, p => p.Message == "source 'sales' has 'rest', which is for the connector rest");
    }

    private static (PipelineDefinition Definition, List<DefinitionProblem> Problems) Read(string yaml) =>
        DefinitionReader.Read(new DefinitionFiles { Name = "shop", Files = new SortedDictionary<string, string> { ["pipeline.yaml"] = yaml } });
}
