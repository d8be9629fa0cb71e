using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Silver;

/// <summary>Which rows become silver, and why the others do not.</summary>
public sealed class SourceCleanerTests(MedallionFixture medallion)
{
    [Fact]
    public async Task Clean_Integers_AreTakenAsPeopleWriteThem()
    {
        var pipeline = await SourceAsync("v: {type: bigint}");
        await pipeline.LandAsync("f.csv", "v\n12\n\" 12 \"\n+5\n-7\n007\n12.0\n1.5\n0x1F\n1_000\n1e3\nabc\n9223372036854775808\n\"\"\n");

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["12", "12", "5", "-7", "7", "12", "null"], await pipeline.QueryAsync("select v from silver.f order by _row"));
        Assert.Equal(["1.5", "0x1F", "1_000", "1e3", "abc", "9223372036854775808"], await pipeline.QueryAsync("select failures[1].value from rejected.f order by row"));
        Assert.Equal(["v-type|v|is not a BIGINT"], await pipeline.QueryAsync("select distinct failures[1].rule, failures[1].column, failures[1].reason from rejected.f"));
        Assert.Equal((13, 7, 6), (report["silver.f"].RowsIn, report["silver.f"].RowsOut, report["silver.f"].RowsRejected));
    }

    [Fact]
    public async Task Clean_EveryRule_NamesRuleColumnValueAndReason()
    {
        var pipeline = await SourceAsync(
            """
            id: {type: bigint, required: true}
            price: {type: "decimal(18,4)", min: 0, max: 100}
            size: {type: varchar, in: [S, M, L]}
            code: {type: varchar, pattern: "[A-Z]{3}"}
            day: {type: date, format: "%d/%m/%Y"}
            country: {expr: "upper(trim(land))", type: varchar}
            flag: {type: boolean, default: "false"}
            """,
            """
            rules:
              - {id: cheap-small, expect: "size <> 'S' or price < 50"}
              - {id: known-country, expect: "country in ('DE', 'FR')", otherwise: warn}
            """);
        await pipeline.LandAsync("f.csv", "id,price,size,code,day,land,flag\n1,1.5,S,ABC,31/01/2024, de ,true\n,1,M,ABC,01/02/2024,fr,\n3,-1,M,ABC,,fr,\n4,100.01,M,ABC,,fr,\n5,1,XL,ABC,,fr,\n6,1,M,abc,,fr,\n7,1,M,ABC,2024-02-01,fr,\n8,60,S,ABC,,fr,\n9,x,Q,q,,fr,maybe\n10,100,L,,,us,\n");

        var report = await pipeline.SucceedAsync();

        Assert.Equal(["1|1.5000|S|ABC|2024-01-31|DE|true", "10|100.0000|L|null|null|US|false"], await pipeline.QueryAsync("select id, price, size, code, day, country, flag from silver.f order by id"));
        Assert.Equal(
            [
                "2|id-required:id", "3|price-range:price:-1", "4|price-range:price:100.01", "5|size-in:size:XL", "6|code-pattern:code:abc", "7|day-type:day:2024-02-01", "8|cheap-small",
                "9|price-type:price:x size-in:size:Q code-pattern:code:q flag-type:flag:maybe",
            ],
            await pipeline.RejectedAsync("f"));
        Assert.Contains("\"id\":\"9\"", await pipeline.ScalarAsync("select raw from rejected.f where row = 9"), StringComparison.Ordinal);
        Assert.Equal(8, report["silver.f"].RowsRejected);
    }

    [Fact]
    public async Task Clean_RuleThatFails_StopsTheStepAndKeepsTheTable()
    {
        var pipeline = await SourceAsync("v: {type: bigint}", "rules:\n  - {id: small, expect: 'v < 10', otherwise: fail}");
        await pipeline.LandAsync("f.csv", "v\n1\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("g.csv", "v\n2\n11\n");

        var report = await pipeline.RunAsync();

        Assert.Equal(StepStatus.Failed, report["silver.f"].Status);
        Assert.Contains($"Rule 'small' of source 'f' fails the step: 1 row(s) break it ('v < 10' is not true), such as record 2 of landing/{pipeline.Name}/g.csv", report["silver.f"].Error, StringComparison.Ordinal);
        Assert.Equal(["1"], await pipeline.QueryAsync("select v from silver.f"));
    }

    [Fact]
    public async Task Clean_Key_KeepsTheLatestRowOfEach()
    {
        var pipeline = await SourceAsync("a: {type: bigint}\nb: {type: varchar}\nday: {type: date}\nv: {type: bigint}", "key: [a, b]\nlatest_by: day");
        await pipeline.LandAsync("f1.csv", "a,b,day,v\n1,x,2024-01-02,1\n1,x,2024-01-01,2\n1,y,2024-01-01,3\n2,x,,4\n2,x,2023-01-01,5\n,x,2024-01-01,6\n3,,2024-01-01,7\n4,x,2024-01-01,8\n4,x,2024-01-01,8\n5,x,2024-01-01,9\n5,x,2024-01-01,10\n6,x,2024-09-09,bad\n6,x,2024-01-01,11\n");
        var report = await pipeline.SucceedAsync();

        Assert.Equal(["1|x|1", "1|y|3", "2|x|5", "4|x|8", "5|x|10", "6|x|11"], await pipeline.QueryAsync("select a, b, v from silver.f order by a, b"));
        Assert.Equal(["6|a-required:a", "7|b-required:b", "12|v-type:v:bad"], await pipeline.RejectedAsync("f"));
        Assert.Equal((13, 6, 3), (report["silver.f"].RowsIn, report["silver.f"].RowsOut, report["silver.f"].RowsRejected));
        var books = await BooksAsync(pipeline);
        Assert.Equal((3, 1), (books.Superseded, books.Duplicate));

        await pipeline.LandAsync("a0.csv", "a,b,day,v\n5,x,2024-01-01,20\n1,x,2023-01-01,21\n");
        await pipeline.SucceedAsync();
        Assert.Equal(["1|1", "5|20"], await pipeline.QueryAsync("select a, v from silver.f where b = 'x' and a in (1, 5) order by a"));
    }

    [Fact]
    public async Task Clean_Partition_SplitsByPartsOfTheDateAlsoWithoutOne()
    {
        var pipeline = await SourceAsync("day: {type: date}", "partition: {by: day, as: [year, month]}");
        await pipeline.LandAsync("f.csv", "day\n2023-12-31\n2024-01-01\n2024-01-31\n\"\"\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["2023|12|1", "2024|1|2", "null|null|1"], await pipeline.QueryAsync("select year, month, count(*) from silver.f group by all order by year nulls last"));
        Assert.Equal(["2024-01-31"], await pipeline.QueryAsync("select day from silver.f where year = 2024 order by day desc limit 1"));
    }

    [Fact]
    public async Task Clean_Default_StandsForEmptyValuesOnly()
    {
        var pipeline = await SourceAsync("n: {type: bigint, default: 5}\nday: {type: date, format: \"%d/%m/%Y\", default: 31/12/1999}\nt: {type: varchar, default: none}");
        await pipeline.LandAsync("f.csv", "n,day,t\n1,01/02/2024,x\n,,\nx,,\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["1|2024-02-01|x", "5|1999-12-31|none"], await pipeline.QueryAsync("select n, day, t from silver.f order by _row"));
        Assert.Equal(["3|n-type:n:x"], await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Clean_Times_AreUtc()
    {
        var pipeline = await SourceAsync("at: {type: timestamp}");
        await pipeline.LandAsync("f.csv", "at\n2024-01-01T12:00:00+02:00\n2024-01-01 12:00:00\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["2024-01-01T10:00:00.0000000Z", "2024-01-01T12:00:00.0000000Z"], await pipeline.QueryAsync("select \"at\" from silver.f order by 1"));
    }

    private static async Task<RowBooks> BooksAsync(TestPipeline pipeline)
    {
        var table = Medallion.Definitions.TableKey.Parse("silver.f");
        var tables = (LakeTables)(pipeline.Floor.GetService(typeof(LakeTables)) ?? throw new InvalidOperationException());
        return (StepState.Of(await tables.Open(pipeline.Name, table).ReadAsync(null, TestContext.Current.CancellationToken), table) ?? throw new InvalidOperationException()).Rows;
    }

    private Task<TestPipeline> SourceAsync(string columns, string more = "") => TestPipeline.CreateAsync(
        medallion,
        $"sources:\n  f:\n    connector: file\n    path: $/*.csv\n{Indent(more, 4)}    columns:\n{Indent(columns, 6)}");

    private static string Indent(string text, int by) => string.Concat(text.Split('\n').Where(l => l.Length > 0).Select(l => $"{new string(' ', by)}{l}\n"));
}
