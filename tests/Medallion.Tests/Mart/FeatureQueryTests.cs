namespace Pipeline.Medallion.Tests.Mart;

/// <summary>Questions for features: what is fitted, how it is applied to further rows, what is refused.</summary>
public sealed class FeatureQueryTests(MedallionFixture medallion)
{
    private static readonly IReadOnlyList<MartRow> Rows =
    [
        new(1) { Name = "red", Amount = 1, Price = 2, Day = new(2024, 1, 31), Seen = new(2024, 1, 31, 23, 0, 0), Ok = true },
        new(2) { Name = "blue", Amount = 3, Price = 2, Day = new(2024, 2, 1), Seen = new(2024, 2, 1, 5, 0, 0), Ok = false },
        new(3) { Name = "red", Price = 2, Day = new(2024, 12, 31), Seen = new(2024, 12, 31, 0, 0, 0), Ok = true },
        new(4) { Amount = 8, Price = 2, Day = new(2023, 1, 1), Seen = new(2023, 1, 1, 12, 0, 0), Ok = true },
    ];

    private static Task<MartPipeline>? shared;

    [Theory]
    [InlineData("""{"column": "amount", "impute": "mean"}""", "1 3 4 8")]
    [InlineData("""{"column": "amount", "impute": "median"}""", "1 3 3 8")]
    [InlineData("""{"column": "amount", "impute": "constant", "value": -5}""", "1 3 -5 8")]
    [InlineData("""{"column": "amount", "impute": "constant", "value": 0, "log": true}""", "0.693 1.386 0 2.197")]
    [InlineData("""{"column": "amount", "impute": "mean", "scale": "minMax"}""", "0 0.286 0.429 1")]
    [InlineData("""{"column": "amount", "impute": "mean", "scale": "standard"}""", "-1.177 -0.392 0 1.569")]
    [InlineData("""{"column": "amount", "impute": "mean", "scale": "robust"}""", "-1 -0.2 0.2 1.8")]
    [InlineData("""{"column": "amount", "impute": "mean", "clip": [0, 0.5]}""", "1 3 3 3")]
    [InlineData("""{"column": "amount", "impute": "mean", "clip": [0, 0.5], "scale": "minMax"}""", "0 1 1 1")]
    [InlineData("""{"column": "price", "scale": "standard"}""", "0 0 0 0")]
    [InlineData("""{"column": "price", "scale": "robust"}""", "0 0 0 0")]
    [InlineData("""{"column": "ok"}""", "1 0 1 1")]
    [InlineData("""{"column": "name", "encode": "oneHot"}""", "0|1 1|0 0|1 0|0")]
    [InlineData("""{"column": "name", "encode": "oneHot", "columns": 1}""", "1 0 1 0")]
    [InlineData("""{"column": "name", "encode": "oneHot", "impute": "constant", "value": "blue"}""", "0|1 1|0 0|1 1|0")]
    [InlineData("""{"column": "day", "parts": ["year", "quarter", "month", "day", "dayOfWeek", "dayOfYear", "hour", "epochDay"]}""", "2024|1|1|31|3|31|0|19753 2024|1|2|1|4|32|0|19754 2024|4|12|31|2|366|0|20088 2023|1|1|1|7|1|0|19358")]
    [InlineData("""{"column": "seen", "parts": ["hour", "dayOfWeek"]}""", "23|3 5|4 0|2 12|7")]
    public async Task Features_OfAColumn_AreWhatTheyAreCalled(string feature, string expected)
    {
        var mart = await SharedAsync();

        var rows = (await mart.AnswerAsync(mart.AskFeatures($$"""{"features": [{{feature}}]}"""))).Rows;

        Assert.Equal(expected.Split(' '), rows.Select(r => string.Join('|', r.Select(v => $"{Math.Round(v!.GetValue<double>(), 3) + 0.0}"))));
    }

    [Fact]
    public async Task Features_Hash_HasOneOfItsColumnsForEachValue()
    {
        var mart = await SharedAsync();

        var answer = await mart.AnswerAsync(mart.AskFeatures("""{"features": [{"column": "name", "encode": "hash", "columns": 4}]}"""));

        Assert.Equal(["name#0", "name#1", "name#2", "name#3"], answer.Columns.Select(c => c.Name));
        Assert.Equal([1, 1, 1, 0], answer.Rows.Select(r => r.Sum(v => v!.GetValue<double>())));
        Assert.Equal(answer.Rows[0].ToJsonString(), answer.Rows[2].ToJsonString());
    }

    [Fact]
    public async Task Features_Fitted_MakesFurtherRowsTheSameWay()
    {
        const string Question = """{"key": ["id"], "features": [{"column": "amount", "impute": "median", "clip": [0.1, 0.9], "log": true, "scale": "standard"}, {"column": "name", "encode": "oneHot"}]}""";
        var mart = await MartPipeline.StartAsync(medallion, Rows);
        var first = await mart.AnswerAsync(mart.AskFeatures(Question));
        await MartPipeline.LandAsync(mart.Pipeline, "b.csv", [new(5) { Name = "green", Amount = 1e6 }, new(6) { Name = "blue" }]);
        await mart.Pipeline.SucceedAsync();

        var again = await mart.AnswerAsync(mart.AskFeatures(Question) with { Fitted = first.Fitted });
        var anew = await mart.AnswerAsync(mart.AskFeatures(Question));

        Assert.Equal(["id", "amount", "name=blue", "name=red"], first.Columns.Select(c => c.Name));
        Assert.Equal(MartPipeline.Texts(first.Rows), MartPipeline.Texts(again.Rows.Where(r => r[0]!.GetValue<long>() <= 4)));
        Assert.Equal(first.Rows.Max(r => r[1]!.GetValue<double>()), again.Rows.Single(r => r[0]!.GetValue<long>() == 5)[1]!.GetValue<double>());
        Assert.Equal("0|0", string.Join('|', again.Rows.Single(r => r[0]!.GetValue<long>() == 5).Skip(2).Select(v => v!.ToString())));
        Assert.Equal((4, 6), (first.Fitted!.Rows, anew.Fitted!.Rows));
        Assert.Equal(["id", "amount", "name=blue", "name=green", "name=red"], anew.Columns.Select(c => c.Name));
        Assert.Equal(Json.Write(first.Fitted), Json.Write(again.Fitted));
    }

    [Fact]
    public async Task Features_SameRows_HaveTheSameDigits()
    {
        var random = new Random(3);
        var mart = await MartPipeline.StartAsync(medallion, Enumerable.Range(0, 5000).Select(i => new MartRow(i) { Amount = random.NextDouble() * 1e6 }));
        const string Question = """{"features": [{"column": "amount", "scale": "standard"}]}""";

        var fitted = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => Json.Write((await mart.AnswerAsync(mart.AskFeatures(Question) with { Limit = 1 })).Fitted)));

        Assert.Single(fitted.Distinct());
    }

    [Theory]
    [InlineData("""{"features": []}""", "names 0 features: expected 1 to 500")]
    [InlineData("""{"features": [{"column": "amoun"}]}""", "features: silver.f has no column 'amoun'")]
    [InlineData("""{"features": [{"column": "amount"}]}""", "'amount' has 1 of 4 rows without a finite number: say with 'impute' what stands for them")]
    [InlineData("""{"features": [{"column": "name"}]}""", "'name' is text: say with 'encode' how it becomes numbers")]
    [InlineData("""{"features": [{"column": "day"}]}""", "'day' is a date: say with 'parts'")]
    [InlineData("""{"features": [{"column": "name", "encode": "oneHot", "scale": "standard"}]}""", "'name' is text, and 'scale' is not for such columns")]
    [InlineData("""{"features": [{"column": "amount", "impute": "mean", "encode": "oneHot"}]}""", "'amount' is a number (DOUBLE), and 'encode' is not for such columns")]
    [InlineData("""{"features": [{"column": "amount", "impute": "constant"}]}""", "'impute: constant' without a number as 'value'")]
    [InlineData("""{"features": [{"column": "amount", "impute": "mean", "clip": [0.9, 0.1]}]}""", "expected two quantiles from 0 to 1, the smaller first")]
    [InlineData("""{"features": [{"column": "amount", "impute": "constant", "value": -1, "log": true}]}""", "'amount' has 1 rows with -1 or less, of which 'log'")]
    [InlineData("""{"features": [{"column": "name", "encode": "oneHot", "columns": 1, "unknown": "error"}]}""", "'name' has 2 rows with a value that has no column of its own")]
    [InlineData("""{"features": [{"column": "name", "encode": "hash", "columns": 1}]}""", "'columns' of 'name' is 1: hash has 2 to 1024")]
    [InlineData("""{"features": [{"column": "ok"}, {"column": "ok"}]}""", "two columns 'ok'")]
    [InlineData("""{"features": [{"column": "amount", "impute": "mean"}], "where": {"column": "id", "op": "eq", "value": 3}}""", "'amount' has no value in any row")]
    [InlineData("""{"features": [{"column": "price", "scale": "standard"}], "fitted": {"rows": 1, "columns": [{"column": "price"}]}}""", "'fitted' is of other features")]
    public async Task Features_WhatCannotBe_IsRefusedWithWhatToDo(string question, string message)
    {
        var mart = await SharedAsync();

        Assert.Contains(message, await mart.FeaturesRefusedAsync(question), StringComparison.Ordinal);
    }

    // A text of the caller's stays a text, whatever else it looks like.
    [Fact]
    public async Task Features_ConstantThatLooksLikeAPlaceholder_IsACategory()
    {
        var mart = await SharedAsync();

        var answer = await mart.AnswerAsync(mart.AskFeatures(
            """{"features": [{"column": "name", "encode": "oneHot", "impute": "constant", "value": "{source}"}], "where": {"not": {"column": "name", "op": "eq", "value": "x' or 'y"}}}"""));
        var all = await mart.AnswerAsync(mart.AskFeatures("""{"features": [{"column": "name", "encode": "oneHot", "impute": "constant", "value": "{source}"}], "where": {"or": [{"column": "id", "op": "eq", "value": 4}, {"column": "name", "op": "eq", "value": "x' or 'y"}]}}"""));

        Assert.Equal(["name=blue", "name=red"], answer.Columns.Select(c => c.Name));
        Assert.Equal(["name={source}"], all.Columns.Select(c => c.Name));
    }

    [Fact]
    public async Task Features_NoRows_AreNone()
    {
        var mart = await SharedAsync();

        var answer = await mart.AnswerAsync(mart.AskFeatures("""{"features": [{"column": "amount", "impute": "mean", "scale": "standard"}], "where": {"column": "id", "op": "gt", "value": 9}}"""));

        Assert.Empty(answer.Rows);
        Assert.Equal(0, answer.Fitted!.Rows);
    }

    // The table of most tests, which only read it.
    private Task<MartPipeline> SharedAsync() => LazyInitializer.EnsureInitialized(ref shared, () => MartPipeline.StartAsync(medallion, Rows));
}
