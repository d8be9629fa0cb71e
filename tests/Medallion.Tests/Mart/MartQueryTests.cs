using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Tests.Mart;

/// <summary>Questions to the mart: rows, groups, pages and versions.</summary>
public sealed class MartQueryTests(MedallionFixture medallion)
{
    private static readonly IReadOnlyList<MartRow> Rows =
    [
        new(1) { Name = "ann", Amount = 1.5, Price = 10, Day = new(2024, 1, 31), Seen = new(2024, 1, 31, 23, 59, 59), Ok = true },
        new(2) { Name = "Bob", Amount = -2, Price = 20.5m, Day = new(2024, 2, 1), Seen = new(2024, 2, 1, 0, 0, 0), Ok = false },
        new(3) { Name = "o'hara", Amount = 1e10, Price = 0, Day = new(2024, 2, 29), Seen = new(2024, 2, 29, 12, 0, 0), Ok = true },
        new(4),
        new(5) { Name = "ann", Amount = 0, Price = 30, Day = new(2025, 1, 1), Seen = new(2025, 1, 1, 8, 30, 0), Ok = false },
    ];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Query_ColumnsOfAllTypes_AreAnsweredTyped()
    {
        var mart = await MartPipeline.StartAsync(medallion, Rows);

        var answer = await mart.AnswerAsync(mart.Ask("""{"columns": ["id", "name", "amount", "price", "day", "seen", "ok"], "orderBy": [{"column": "id"}], "limit": 3}"""));

        Assert.Equal((mart.Name, "silver.f", 0), (answer.Pipeline, answer.Table, answer.Version));
        Assert.Equal(["BIGINT", "VARCHAR", "DOUBLE", "DECIMAL(18,4)", "DATE", "TIMESTAMP WITH TIME ZONE", "BOOLEAN"], answer.Columns.Select(c => c.Type));
        Assert.Equal("""[1,"ann",1.5,10.0000,"2024-01-31","2024-01-31T23:59:59.0000000Z",true]""", answer.Rows[0].ToJsonString());
        Assert.Equal("""[3,"o\u0027hara",10000000000,0.0000,"2024-02-29","2024-02-29T12:00:00.0000000Z",true]""", answer.Rows[2].ToJsonString());
        Assert.NotNull(answer.Next);
        Assert.Equal(5, (await mart.AnswerAsync(mart.Ask("{}"))).Rows.Count);
    }

    [Theory]
    [InlineData("""{"column": "name", "op": "eq", "value": "o'hara"}""", "3")]
    [InlineData("""{"column": "name", "op": "ne", "value": "ann"}""", "2 3")]
    [InlineData("""{"column": "NAME", "op": "in", "value": ["ann", "Bob", "'); drop table x; --"]}""", "1 2 5")]
    [InlineData("""{"column": "name", "op": "notIn", "value": ["ann"]}""", "2 3")]
    [InlineData("""{"column": "name", "op": "contains", "value": "'"}""", "3")]
    [InlineData("""{"column": "name", "op": "startsWith", "value": "an"}""", "1 5")]
    [InlineData("""{"column": "name", "op": "endsWith", "value": "ob"}""", "2")]
    [InlineData("""{"column": "name", "op": "isNull"}""", "4")]
    [InlineData("""{"column": "amount", "op": "gt", "value": 1e3}""", "3")]
    [InlineData("""{"column": "price", "op": "le", "value": 10}""", "1 3")]
    [InlineData("""{"column": "id", "op": "lt", "value": 2.5}""", "1 2")]
    [InlineData("""{"column": "day", "op": "between", "value": ["2024-02-01", "2024-02-29"]}""", "2 3")]
    [InlineData("""{"column": "seen", "op": "ge", "value": "2024-02-29T13:00:00+01:00"}""", "3 5")]
    [InlineData("""{"column": "ok", "op": "eq", "value": false}""", "2 5")]
    [InlineData("""{"and": [{"column": "ok", "op": "isNotNull"}, {"or": [{"column": "id", "op": "eq", "value": 1}, {"not": {"column": "amount", "op": "lt", "value": 1}}]}]}""", "1 3")]
    public async Task Query_Condition_KeepsItsRows(string where, string ids)
    {
        var mart = await SharedAsync();

        Assert.Equal(ids.Split(' '), await mart.RowsAsync($$"""{"columns": ["id"], "where": {{where}}, "orderBy": [{"column": "id"}]}"""));
    }

    [Theory]
    [InlineData("""{"columns": ["nam"]}""", "columns: silver.f has no column 'nam'. It has id, name, amount, price, day, seen, ok")]
    [InlineData("""{"where": {"column": "id", "op": "eq", "value": "1"}}""", "'where': 'id' is a number (BIGINT): expected a number of at most 60 characters, found \"1\"")]
    [InlineData("""{"where": {"column": "day", "op": "eq", "value": "yesterday"}}""", "'day' is a date: expected a date such as \"2013-01-31\", found \"yesterday\"")]
    [InlineData("""{"where": {"column": "name", "op": "eq", "value": null}}""", "'name' eq needs a 'value'; missing ones are found by isNull")]
    [InlineData("""{"where": {"column": "id", "op": "contains", "value": 1}}""", "'id' is a number (BIGINT), and contains is for text")]
    [InlineData("""{"where": {"column": "id", "value": 1}}""", "the condition on 'id' has no 'op'. It is one of eq, ne")]
    [InlineData("""{"where": {"and": []}}""", "a condition has either 'column' with 'op' and 'value', or a list 'and'")]
    [InlineData("""{"where": {"column": "id", "op": "between", "value": [1]}}""", "'id' between needs as 'value' a list of 2 values")]
    [InlineData("""{"where": {"column": "id", "op": "isNull", "value": 1}}""", "'id' isNull takes no value")]
    [InlineData("""{"limit": 10001}""", "'limit' is 10001: JSON has 1 to 10000 rows. For more, take CSV or Parquet")]
    [InlineData("""{"limit": 0}""", "'limit' is 0")]
    [InlineData("""{"cursor": "abc"}""", "'cursor' is 'abc': expected what an answer gave as 'next'")]
    [InlineData("""{"from": "silver"}""", "'from' is 'silver': expected a table, layer.name with layer one of bronze, silver, gold, rejected")]
    [InlineData("""{"groupBy": [{"column": "name", "grain": "month"}]}""", "groupBy: 'name' is text: 'grain' is for dates and times")]
    [InlineData("""{"groupBy": [{"column": "day", "grain": "hour"}]}""", "'day' is a date, which has no hour")]
    [InlineData("""{"columns": ["id"], "aggregates": [{"function": "count"}]}""", "'columns' is for rows, and the question makes groups")]
    [InlineData("""{"having": {"column": "id", "op": "eq", "value": 1}}""", "'having' filters groups, and the question makes none")]
    [InlineData("""{"aggregates": [{"function": "sum"}]}""", "sum needs a 'column'; only count can do without")]
    [InlineData("""{"aggregates": [{"function": "sum", "column": "name"}]}""", "'name' is text, and sum is of numbers")]
    [InlineData("""{"aggregates": [{"function": "quantile", "column": "id", "quantile": 2}]}""", "quantile needs 'quantile', a number from 0 to 1")]
    [InlineData("""{"aggregates": [{"metric": "raw"}]}""", "has no metric 'raw' over silver.f. It has total, rows")]
    [InlineData("""{"aggregates": [{"function": "count"}, {"function": "count"}]}""", "two columns 'count': give one another name with 'as'")]
    [InlineData("""{"groupBy": [{"column": "name"}], "orderBy": [{"column": "id"}]}""", "orderBy: the answer has no column 'id'. It has name")]
    [InlineData("""{"version": 0, "asOf": "2024-01-01T00:00:00Z"}""", "asks for a version by 'version' and by 'asOf'")]
    public async Task Query_WhatCannotBe_IsRefusedWithWhatThereIs(string question, string message)
    {
        var mart = await SharedAsync();

        Assert.Contains(message, await mart.RefusedAsync(question), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_Groups_AreWhatSqlGives()
    {
        var mart = await SharedAsync();

        Assert.Equal(["ann|2|40.0000|0.75", "Bob|1|20.5000|-2", "o'hara|1|0.0000|10000000000", "|1||"], (await mart.RowsAsync(
            """{"groupBy": [{"column": "name"}], "aggregates": [{"function": "count"}, {"function": "sum", "column": "price"}, {"function": "average", "column": "amount"}], "orderBy": [{"column": "sum_price", "descending": true}]}""")));
        Assert.Equal(["2024-01-01|10.0000|1", "2024-02-01|20.5000|2", "2025-01-01|30.0000|1"], await mart.RowsAsync(
            """{"where": {"column": "day", "op": "isNotNull"}, "groupBy": [{"column": "day", "grain": "month", "as": "month"}], "aggregates": [{"metric": "total"}, {"metric": "rows", "as": "n"}]}"""));
        Assert.Equal(["ann|2"], await mart.RowsAsync(
            """{"groupBy": [{"column": "name"}], "aggregates": [{"function": "count", "as": "n"}], "having": {"column": "n", "op": "gt", "value": 1}}"""));
        Assert.Equal(["5|4|15|0.75|3"], await mart.RowsAsync(
            """{"aggregates": [{"function": "count"}, {"function": "count", "column": "ok"}, {"function": "sum", "column": "id"}, {"function": "median", "column": "amount"}, {"function": "countDistinct", "column": "name"}]}"""));
    }

    [Theory]
    [InlineData("""{"limit": 2}""")]
    [InlineData("""{"limit": 2, "orderBy": [{"column": "name"}]}""")]
    [InlineData("""{"limit": 2, "groupBy": [{"column": "id"}], "aggregates": [{"function": "count"}]}""")]
    public async Task Query_Pages_AreTheWholeAnswerAtOneVersion(string question)
    {
        var mart = await MartPipeline.StartAsync(medallion, Rows);
        var whole = MartPipeline.Texts((await mart.AnswerAsync(mart.Ask(question) with { Limit = 100 })).Rows);
        var first = await mart.AnswerAsync(mart.Ask(question));
        await MartPipeline.LandAsync(mart.Pipeline, "b.csv", [new(0) { Name = "aaa" }, new(6)]);
        await mart.Pipeline.SucceedAsync();

        var second = await mart.AnswerAsync(mart.Ask(question) with { Cursor = first.Next });
        var third = await mart.AnswerAsync(mart.Ask(question) with { Cursor = second.Next });

        Assert.Equal(whole, MartPipeline.Texts(first.Rows.Concat(second.Rows).Concat(third.Rows)));
        Assert.Equal((0, 0, null), (second.Version, third.Version, third.Next));
        Assert.Equal(7, (await mart.AnswerAsync(mart.Ask(question) with { Limit = 100 })).Rows.Count);
        Assert.Contains("belongs to another question", (await Assert.ThrowsAsync<QueryException>(() => mart.AnswerAsync(mart.Ask("""{"columns": ["id"]}""") with { Cursor = first.Next }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_VersionOrTime_IsReadAsItWas()
    {
        var mart = await MartPipeline.StartAsync(medallion, Rows);
        var before = DateTimeOffset.UtcNow;
        await Task.Delay(TimeSpan.FromSeconds(1), Cancelled); // Storage knows the time of a version by the second.
        await MartPipeline.LandAsync(mart.Pipeline, "b.csv", [new(6)]);
        await mart.Pipeline.SucceedAsync();
        const string Count = """{"aggregates": [{"function": "count"}]}""";

        Assert.Equal(["6"], await mart.RowsAsync(Count));
        Assert.Equal(["5"], MartPipeline.Texts((await mart.AnswerAsync(mart.Ask(Count) with { Version = 0 })).Rows));
        Assert.Equal(["5"], MartPipeline.Texts((await mart.AnswerAsync(mart.Ask(Count) with { AsOf = before })).Rows));
        await Assert.ThrowsAsync<UnknownTableException>(() => mart.AnswerAsync(mart.Ask(Count) with { Version = 7 }));
        await Assert.ThrowsAsync<UnknownTableException>(() => mart.AnswerAsync(mart.Ask(Count) with { From = "gold.f" }));
    }

    [Theory]
    [InlineData(MartFormat.Csv)]
    [InlineData(MartFormat.Parquet)]
    public async Task Export_File_HasTheSameRows(MartFormat format)
    {
        var mart = await SharedAsync();
        var query = mart.Ask("""{"columns": ["id", "name", "price", "seen"], "orderBy": [{"column": "id", "descending": true}], "limit": 3}""");

        string path;
        using (var file = await mart.Mart.ExportAsync(query, format, Cancelled))
        {
            path = file.Path;
            using var session = mart.Pipeline.Floor.GetService(typeof(Engine)) is Engine engine ? engine.OpenSession() : throw new InvalidOperationException();
            using var rows = session.Query($"select * from {(format == MartFormat.Csv ? "read_csv" : "read_parquet")}('{path}')", Cancelled);
            Assert.Equal([5L, 4L, 3L], rows.Rows().Select(r => r[0]));
            Assert.Equal(["id", "name", "price", "seen"], rows.Columns.Select(c => c.Name));
            Assert.Equal((3, 0), (file.Rows, file.Version));
            using var rest = await mart.Mart.ExportAsync(query with { Cursor = file.Next }, format, Cancelled);
            Assert.Equal((2, null), (rest.Rows, rest.Next));
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Query_SameQuestion_HasTheSameTagUntilTheTableChanges()
    {
        var mart = await MartPipeline.StartAsync(medallion, Rows);
        var first = await TagAsync("""{"columns": ["id"]}""");
        Assert.Equal(first, await TagAsync("""{"columns": ["id"]}"""));
        Assert.NotEqual(first, await TagAsync("""{"columns": ["name"]}"""));
        await MartPipeline.LandAsync(mart.Pipeline, "b.csv", [new(6)]);
        await mart.Pipeline.SucceedAsync();
        Assert.NotEqual(first, await TagAsync("""{"columns": ["id"]}"""));

        async Task<string> TagAsync(string question)
        {
            using var rows = await mart.Mart.QueryAsync(mart.Ask(question), Cancelled);
            return rows.Tag;
        }
    }

    [Fact]
    public async Task Query_LongValue_IsRefusedBeforeAByteIsWritten()
    {
        var mart = await MartPipeline.StartAsync(medallion, [new(1) { Name = new string('x', 1_100_000) }]);
        using var stream = new MemoryStream();
        using (var rows = await mart.Mart.QueryAsync(mart.Ask("{}"), Cancelled))
        {
            var error = await Assert.ThrowsAsync<QueryException>(() => rows.WriteJsonAsync(stream, Cancelled));
            Assert.Contains("column 'name'", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, stream.Length);
        Assert.Equal(["1"], await mart.RowsAsync("""{"columns": ["id"]}"""));
    }

    [Fact]
    public async Task Query_TableMadeAnew_IsNotTheOneThatWasKept()
    {
        var mart = await MartPipeline.StartAsync(medallion, Rows);
        Assert.Equal(5, (await mart.AnswerAsync(mart.Ask("{}"))).Rows.Count);
        foreach (var layer in new[] { "bronze", "silver", "rejected" })
        {
            await mart.Pipeline.Lake.DeleteDirectoryAsync(LakeTables.Root(mart.Name, new(layer, "f")), Cancelled);
        }

        await Assert.ThrowsAsync<UnknownTableException>(() => mart.AnswerAsync(mart.Ask("{}")));
        await MartPipeline.LandAsync(mart.Pipeline, "a.csv", [new(6)]);
        await mart.Pipeline.SucceedAsync();

        Assert.Equal(["6"], await mart.RowsAsync("""{"columns": ["id"]}"""));
    }

    // 64 at a time, each of which is to see all rows of one version: what a run commits is of one number each.
    [Fact]
    public async Task Query_WhileRunsCommit_SeesOneVersion()
    {
        var mart = await MartPipeline.StartAsync(medallion, Version(1));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var question = mart.Ask("""{"aggregates": [{"function": "count"}, {"function": "min", "column": "amount"}, {"function": "max", "column": "amount"}]}""");
        var asking = Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            var seen = new List<string>();
            while (!stop.IsCancellationRequested)
            {
                seen.Add(Assert.Single(MartPipeline.Texts((await mart.AnswerAsync(question)).Rows)));
            }

            return seen;
        })).ToList();

        for (var version = 2; version <= 4; version++)
        {
            await MartPipeline.LandAsync(mart.Pipeline, "a.csv", Version(version));
            await mart.Pipeline.SucceedAsync();
            Assert.Equal([$"{100 * version}|{version}|{version}"], MartPipeline.Texts((await mart.AnswerAsync(question)).Rows));
        }

        await stop.CancelAsync();
        var answers = await Task.WhenAll(asking);
        Assert.All(answers, Assert.NotEmpty);
        Assert.Subset(Enumerable.Range(1, 4).Select(v => $"{100 * v}|{v}|{v}").ToHashSet(), answers.SelectMany(a => a).ToHashSet());

        static IEnumerable<MartRow> Version(int version) => Enumerable.Range(0, 100 * version).Select(i => new MartRow(i) { Amount = version });
    }

    private static Task<MartPipeline>? shared;

    // The table of most tests, which only read it.
    private Task<MartPipeline> SharedAsync() => LazyInitializer.EnsureInitialized(ref shared, () => MartPipeline.StartAsync(medallion, Rows));
}
