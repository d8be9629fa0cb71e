using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Tests.Quality;

/// <summary>Every kind of rule, where it fails and where it passes.</summary>
public sealed class RuleKindTests(MedallionFixture medallion)
{
    /// <summary>Column, values that pass, values that fail, the rule, how many rows it is about, its dimension.</summary>
    public static TheoryData<string, string, string, string, int, string> Columns => new()
    {
        { "v: {type: bigint}", "1||-3", "x|1.5", "v-type", 4, "schema" },
        { "v: {type: date, format: '%d/%m/%Y'}", "31/01/2024|", "2024-01-31", "v-type", 2, "schema" },
        { "v: {type: boolean}", "true|false", "maybe", "v-type", 3, "schema" },
        { "v: {type: varchar, required: true}", "a|ä|-", "| ", "v-required", 5, "completeness" },
        { "v: {type: bigint, required: true}", "1|2", "|", "v-required", 4, "completeness" },
        { "v: {type: bigint, min: 0}", "0|5|", "-1", "v-range", 3, "accuracy" },
        { "v: {type: bigint, max: 10}", "10|", "11", "v-range", 2, "accuracy" },
        { "v: {type: varchar, in: [S, M]}", "S|M", "L|s", "v-in", 4, "accuracy" },
        { "v: {type: varchar, pattern: '[A-Z]{2}'}", "AB", "A|ABC", "v-pattern", 3, "accuracy" },
        { "v: {type: date, not_future: true}", "2024-01-01|", "2999-01-01", "v-not-future", 2, "accuracy" },
        { "v: {type: timestamp, not_future: true}", "2024-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "v-not-future", 2, "accuracy" },
        { "v: {type: varchar, unique: true}", "a|b|", "a|b", "v-unique", 4, "consistency" },
        { "v: {type: bigint, references: other.id}", "1|2|", "3|4", "v-references", 4, "consistency" },
    };

    [Theory]
    [MemberData(nameof(Columns))]
    public async Task Column_Rule_FailsAndPasses(string column, string good, string bad, string rule, int about, string dimension)
    {
        var pipeline = await TestPipeline.CreateAsync(
            medallion,
            $"sources:\n  f: {{connector: file, path: $/f.csv, columns: {{n: {{type: bigint}}, {column}}}}}\n  other: {{connector: file, path: $/other.csv, columns: {{id: {{type: bigint}}}}}}\n");
        var (passes, fails) = (good.Split('|'), bad.Split('|'));
        await pipeline.LandAsync("other.csv", "id\n1\n2\n");
        await pipeline.LandAsync("f.csv", $"n,v\n{string.Concat(passes.Concat(fails).Select((v, i) => $"{i + 1},\"{v}\"\n"))}");

        await pipeline.SucceedAsync();

        var verdict = await pipeline.VerdictAsync();
        Assert.Equal([.. Enumerable.Range(1, passes.Length).Select(i => $"{i}")], await pipeline.QueryAsync("select n from silver.f order by n"));
        Assert.Equal([.. Enumerable.Range(passes.Length + 1, fails.Length).Select(i => $"{i}|{rule}")], await pipeline.QueryAsync("select row, failures[1].rule from rejected.f order by row"));
        Assert.Equal([$"{rule} {fails.Length}/{about}"], verdict.Checks());
        var check = verdict["checks"]!.AsArray().First(c => c!["rule"]!.GetValue<string>() == rule)!;
        Assert.Equal((dimension, "v", "reject"), (check["dimension"]!.GetValue<string>(), check["column"]!.GetValue<string>(), check["otherwise"]!.GetValue<string>()));
        Assert.Equal([.. fails.Select((v, i) => (passes.Length + i + 1L, v))], check["samples"]!.AsArray().Select(s => (s!["row"]!.GetValue<long>(), s["value"]?.GetValue<string>() ?? "")));

        // Whether rows can be read, and the type of n, are of the schema too.
        var others = dimension == "schema" ? 2 * (passes.Length + fails.Length) : 0;
        Assert.Equal(Math.Round(1 - ((double)fails.Length / (about + others)), 6), verdict.Score(dimension));
    }

    [Theory]
    [InlineData("expect: 'a <= b'", "f1 2/5", 3)]
    [InlineData("expect: 'a <= b', when: 'b > 0'", "f1 1/2", 4)]
    [InlineData("expect: 'a <= b', otherwise: warn", "f1 2/5", 5)]
    [InlineData("expect: 'a <= 9 -- the limit', otherwise: warn", "", 5)]
    [InlineData("expect: 'b in (1, 2, 0) or b is null'", "", 5)]
    public async Task Row_Rule_FailsAndPasses(string rule, string failing, int kept)
    {
        var pipeline = await QualityPipeline.CreateAsync(medallion, "a: {type: bigint}\nb: {type: bigint}", $"rules:\n  - {{id: f1, {rule}}}");
        await pipeline.LandAsync("f.csv", "a,b\n1,1\n2,1\n3,\n1,0\n0,0\n");

        await pipeline.SucceedAsync();

        var verdict = await pipeline.VerdictAsync();
        Assert.Equal(failing.Length == 0 ? [] : [failing], verdict.Checks());
        Assert.Equal(kept, (await pipeline.QueryAsync("select 1 from silver.f")).Count);
        if (failing.Length > 0)
        {
            Assert.Equal("{\"a\":2,\"b\":1}", verdict["checks"]!.AsArray().First(c => c!["rule"]!.GetValue<string>() == "f1")!["samples"]![0]!["value"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task Row_Tier_FollowsTheWeightsOfWhatItFails()
    {
        var pipeline = await QualityPipeline.CreateAsync(
            medallion,
            "a: {type: bigint}\nb: {type: bigint, min: 0}",
            """
            quality: {gold_row: 80%}
            rules:
              - {id: small, expect: a < 10, otherwise: warn, weight: 2}
              - {id: even, expect: a % 2 = 0, otherwise: warn, weight: 0.5}
              - {id: b-range, otherwise: warn, weight: 3}
            """);
        await pipeline.LandAsync("f.csv", "a,b\n2,1\n3,1\n12,1\n13,-1\n");

        await pipeline.SucceedAsync();

        // malformed, a-type and b-type count 1 each: 3 + 2 + 0.5 + 3.
        Assert.Equal(["2|1|gold", "3|0.941176|gold", "12|0.764706|silver", "13|0.352941|silver"], await pipeline.QueryAsync("select a, _quality, _tier from silver.f order by a"));
        var verdict = await pipeline.VerdictAsync();
        Assert.Equal("""{"gold":2,"silver":2}""", verdict["tiers"]!.ToJsonString());
        Assert.Equal(["b-range 1/4", "even 2/4", "small 2/4"], verdict.Checks());
        Assert.Equal(3, verdict["warned"]!.GetValue<long>());
    }

    [Fact]
    public async Task Malformed_Line_FailsThatRuleOnly()
    {
        var pipeline = await QualityPipeline.CreateAsync(medallion, "a: {type: bigint, required: true}\nb: {type: bigint}");
        await pipeline.LandAsync("f.csv", "a,b\n1,2\n1,2,3\n");

        await pipeline.SucceedAsync();

        var verdict = await pipeline.VerdictAsync();
        Assert.Equal(["malformed 1/2"], verdict.Checks());
        Assert.Equal(1d, verdict.Score("completeness"));
        Assert.Equal(Math.Round(3 / 4d, 6), verdict.Score("schema"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unique_Value_StaysWithTheFirstThatIsSound(bool inParts)
    {
        var pipeline = await QualityPipeline.CreateAsync(medallion, "k: {type: bigint}\nmail: {type: varchar, unique: true}\nn: {type: bigint, min: 0}", "key: [k]");
        pipeline = inParts ? pipeline.On(medallion.Compose(TimeProvider.System, s => s.AddSingleton(new CleanLimits { SingleBytes = 1, PartBytes = 1, BucketBytes = 1 << 20 }))) : pipeline;
        await pipeline.LandAsync("a.csv", "k,mail,n\n1,a,-1\n2,a,1\n3,a,1\n2,a,2\n4,b,1\n5,,1\n6,,1\n");
        await pipeline.SucceedAsync();
        Assert.Equal(["2|a|2", "4|b|1", "5|null|1", "6|null|1"], await pipeline.QueryAsync("select k, nullif(mail, ''), n from silver.f order by k"));
        Assert.Equal(["1|n-range:n:-1", "3|mail-unique:mail:a"], await pipeline.RejectedAsync("f"));

        await pipeline.LandAsync("b.csv", "k,mail,n\n7,b,1\n4,b,5\n8,c,1\n");
        await pipeline.SucceedAsync();

        Assert.Equal(["2|a|2", "4|b|5", "8|c|1"], await pipeline.QueryAsync("select k, mail, n from silver.f where mail <> '' order by k"));
        Assert.Equal(["7|b"], await pipeline.QueryAsync("select json_extract_string(raw, '$.k'), failures[1].value from rejected.f where file like '%b.csv'"));
    }

    [Fact]
    public async Task Unique_RowThatLostOneValue_HoldsNoOther()
    {
        var pipeline = await QualityPipeline.CreateAsync(medallion, "k: {type: bigint}\na: {type: varchar, unique: true}\nb: {type: varchar, unique: true}", "key: [k]");
        await pipeline.LandAsync("f.csv", "k,a,b\n1,x,p\n2,x,q\n3,y,q\n4,z,p\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["1", "3"], await pipeline.QueryAsync("select k from silver.f order by k"));
        Assert.Equal(["2|a-unique:a:x", "4|b-unique:b:p"], await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task References_ToAColumnWithValuesOfNoSuchType_StillRejectOrphans()
    {
        var pipeline = await TestPipeline.CreateAsync(
            medallion,
            "sources:\n  a: {connector: file, path: $/a.csv, columns: {id: {type: bigint}, b: {type: integer, references: b.id}}}\n  b: {connector: file, path: $/b.csv, columns: {id: {type: bigint}}}\n");
        await pipeline.LandAsync("a.csv", "id,b\n1,1\n2,2\n");
        await pipeline.LandAsync("b.csv", "id\n1\n3000000000\n\"\"\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["1"], await pipeline.QueryAsync("select id from silver.a"));
        Assert.Equal(["2|b-references:b:2"], await pipeline.RejectedAsync("a"));
    }

    [Fact]
    public async Task Clean_EndedBetweenItsCommits_JudgesAgainWhatItJudged()
    {
        var pipeline = await TestPipeline.CreateAsync(
            medallion,
            "sources:\n  a: {connector: file, path: $/a*.csv, columns: {id: {type: bigint}, b: {type: bigint, references: b.id}}}\n  b: {connector: file, path: $/b*.csv, columns: {id: {type: bigint}}}\n");
        await pipeline.LandAsync("a1.csv", "id,b\n1,1\n7,99\n");
        await pipeline.LandAsync("b1.csv", "id\n1\n");
        await pipeline.SucceedAsync();
        await pipeline.LandAsync("a2.csv", "id,b\n8,99\n9,5\n");
        await pipeline.LandAsync("b2.csv", "id\n99\n");
        var report = await pipeline.SucceedAsync();
        var (silver, rejected) = (await pipeline.QueryAsync("select id from silver.a order by id"), await pipeline.RejectedAsync("a"));
        Assert.Equal(["1", "8"], silver);
        var table = Medallion.Definitions.TableKey.Parse("silver.a");
        await pipeline.Lake.DeleteAsync(LakeTables.Root(pipeline.Name, table).Append($"_delta_log/{1:D20}.json"), TestContext.Current.CancellationToken);

        await new RunDriver(pipeline.Floor).StepAsync(
            report.Plan,
            report.Plan.Steps.First(s => s.Table == table),
            new Dictionary<Medallion.Definitions.TableKey, long>(report.Plan.Versions) { [table with { Layer = "bronze" }] = 1, [Medallion.Definitions.TableKey.Parse("silver.b")] = 1 },
            TestContext.Current.CancellationToken);

        Assert.Equal(silver, await pipeline.QueryAsync("select id from silver.a order by id"));
        Assert.Equal(rejected, await pipeline.RejectedAsync("a"));
    }

    [Fact]
    public async Task Rule_ThatReadsOutsideItsTable_IsRefused()
    {
        foreach (var text in new[] { "a in (select 1)", "exists(select * from silver.f)", "a = (from read_csv('x') limit 1)", "getenv('HOME') = ''", "nextval('s') = 1", "a < now()", "sum(a) > 1" })
        {
            foreach (var rule in new[] { $"expect: \"{text}\"", $"expect: a > 1, when: \"{text}\"" })
            {
                var pipeline = await QualityPipeline.CreateAsync(medallion, "a: {type: bigint}", $"rules:\n  - {{id: r, {rule}}}");

                var error = await pipeline.RefusedAsync();

                Assert.Contains("pipeline.yaml:", error.Message, StringComparison.Ordinal);
                Assert.Contains("rule 'r'", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("a: {type: bigint, not_future: true}", "", "which has no future")]
    [InlineData("a: {type: bigint, references: g.x}", "", "there is no table silver.g")]
    [InlineData("a: {type: bigint, references: other.y}", "", "has no such column: id")]
    [InlineData("a: {type: varchar, references: other.id}", "", "give both the same type")]
    [InlineData("a: {type: bigint, references: nothing}", "", "expected a column of a table of silver")]
    [InlineData("a: {type: bigint}", "rules: [{id: a-range, weight: 2}]", "no column gives a rule of that name")]
    [InlineData("a: {type: bigint}", "rules: [{id: b, weight: 2}]", "has no 'expect'")]
    [InlineData("a: {type: bigint}", "rules: [{id: b, expect: a > 1, weight: 0}]", "expected a number above 0")]
    [InlineData("a: {type: bigint}", "rules: [{id: b, expect: a > 1, at_most: 101%}]", "expected a share from 0% to 100%")]
    [InlineData("a: {type: bigint}", "rules: [{id: b, expect: a > 1, dimension: validity}]", "expected one of completeness, accuracy, timeliness, schema, consistency")]
    [InlineData("a: {type: bigint}", "quality: {expected_every: soon}", "such as 15m, 6h, 1d or 2w")]
    [InlineData("a: {type: bigint}", "quality: {gold: 50%, silver: 60%}", "expected the threshold of gold to be the higher one")]
    [InlineData("a: {type: bigint}", "quality: {age_of: b}", "'b', which is not one of its columns")]
    [InlineData("a: {type: bigint}", "quality: {age_of: a}", "'a', a BIGINT: expected a date or timestamp")]
    [InlineData("a: {type: bigint}", "rules: [{id: b, expect: _quality > 0.5}]", "rule 'b'")]
    [InlineData("a: {type: bigint}", "rules: [{id: b, sum: a, equals: a, otherwise: reject}]", "no row can be rejected for a sum")]
    [InlineData("a: {type: varchar}", "rules: [{id: b, sum: a, equals: '1'}]", "gives a VARCHAR: expected a number")]
    [InlineData("a: {type: bigint}", "rules: [{id: b, sum: a}]", "has no 'equals'")]
    [InlineData("a: {type: bigint}", "rules: [{id: b, sum: (select 1), equals: a}]", "rule 'b'")]
    [InlineData("a: {type: bigint}", "rules: [{id: malformed, expect: a > 1}]", "cannot name a rule")]
    [InlineData("a: {type: bigint, unique: true}", "key: [a]", "leave 'unique' out")]
    [InlineData("a: {type: bigint}", "key: [a]\nrules: [{id: a-required, otherwise: warn}]", "it always rejects the row")]
    public async Task Definition_ThatCannotWork_IsRefused(string column, string more, string message)
    {
        var pipeline = await QualityPipeline.CreateAsync(medallion, column, more, "  other: {connector: file, path: $/other.csv, columns: {id: {type: bigint}}}\n");

        Assert.Contains(message, (await pipeline.RefusedAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task References_OrderTheSteps_AndCyclesAreRefused()
    {
        const string Source = "sources:\n  a: {connector: file, path: $/a.csv, columns: {id: {type: bigint}, b: {type: bigint, references: b.id}}}\n  b: {connector: file, path: $/b.csv, columns: {id: {type: bigint}";
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Source}}}}}\n");
        await pipeline.LandAsync("a.csv", "id,b\n1,1\n2,2\n");
        await pipeline.LandAsync("b.csv", "id\n1\n");
        var report = await pipeline.SucceedAsync();
        Assert.Equal(["bronze.a", "bronze.b"], report.Plan.Steps.First(s => s.Table.ToString() == "silver.a").Inputs.Select(i => i.ToString()).Where(i => i.StartsWith('b')).Append("bronze.b"));
        Assert.True(report.Plan.Steps.First(s => s.Table.ToString() == "silver.a").Level > report.Plan.Steps.First(s => s.Table.ToString() == "silver.b").Level);
        Assert.Equal(["1|1"], await pipeline.QueryAsync("select id, b from silver.a"));

        // The table that is looked up moved; what was judged stays judged.
        await pipeline.LandAsync("b.csv", "id\n1\n2\n");
        var second = await pipeline.SucceedAsync();
        Assert.Equal(StepStatus.Unchanged, second["silver.a"].Status);

        var cycle = await TestPipeline.CreateAsync(medallion, $"{Source}, a: {{type: bigint, references: a.id}}}}}}\n");
        Assert.Contains("tables need each other in a cycle", (await cycle.RefusedAsync()).Message, StringComparison.Ordinal);
    }
}
