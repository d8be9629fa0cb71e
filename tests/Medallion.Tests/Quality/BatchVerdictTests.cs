using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Tests.Quality;

/// <summary>Scores, tiers and what becomes of a batch.</summary>
public sealed class BatchVerdictTests(MedallionFixture medallion)
{
    private const string Columns = "id: {type: bigint, required: true}\nday: {type: date}\namount: {type: 'decimal(18,2)', min: 0}\nnote: {type: varchar}";

    [Fact]
    public async Task Batch_Scores_AreThoseOfTheFormulas()
    {
        var pipeline = await QualityPipeline.CreateAsync(
            medallion,
            Columns,
            """
            partition: {by: day, as: [year]}
            quality: {gold: 90%, silver: 70%, weights: {schema: 3}}
            rules:
              - {id: cheap, expect: amount < 100, otherwise: warn, dimension: consistency, weight: 2}
              - {id: noted, expect: "note <> 'x'", when: amount > 10, otherwise: warn}
            """);
        await pipeline.LandAsync("f.csv", "id,day,amount,note\n1,2023-01-01,1,a\n2,2023-05-01,200,x\n,2024-01-01,5,\n4,2024-01-01,-5,b\n5,bad,5,b\n6,2024-01-01,50,c\n");

        await pipeline.SucceedAsync();

        var verdict = await pipeline.VerdictAsync();
        Assert.Equal(["amount-range 1/6", "cheap 1/6", "day-type 1/6", "id-required 1/6", "noted 1/2"], verdict.Checks());

        // Completeness: 5 of 6 ids. Accuracy: 5 of 6 amounts. Schema: malformed 6/6, types of id 5/5, day 5/6, amount 6/6. Consistency: (2·5 + 1·1) of (2·6 + 1·2).
        var (completeness, accuracy, schema, consistency) = (5 / 6d, 5 / 6d, 22 / 23d, 11 / 14d);
        Assert.Equal((Round(completeness), Round(accuracy), Round(schema), Round(consistency)), (verdict.Score("completeness"), verdict.Score("accuracy"), verdict.Score("schema"), verdict.Score("consistency")));
        Assert.Null(verdict.Score("timeliness"));
        Assert.Equal((completeness + accuracy + (3 * schema) + consistency) / 6, verdict["score"]!.GetValue<double>(), 5);
        Assert.Equal(("silver", "passed", 6L, 3L, 3L, 1L), (Text("tier"), Text("verdict"), Number("rows"), Number("accepted"), Number("rejected"), Number("warned")));

        Assert.Equal(["year=2023 2", "year=2024 3", "year=none 1"], verdict["partitions"]!.AsArray().Select(p => $"{p!["partition"]} {p["rows"]}"));
        Assert.Equal(Round(2 / 3d), verdict["partitions"]![1]!["scores"]!["completeness"]!.GetValue<double>());
        var note = verdict["columns"]!.AsArray().First(c => c!["column"]!.GetValue<string>() == "note")!;
        Assert.Equal((6L, 1L, Round(5 / 6d)), (note["rows"]!.GetValue<long>(), note["missing"]!.GetValue<long>(), note["completeness"]!.GetValue<double>()));
        Assert.Equal(["silver.f|silver|passed"], await pipeline.QueryAsync("select table_name, tier, verdict from gold._quality_batches where partition is null"));
        Assert.Equal(["3"], await pipeline.QueryAsync("select count(*) from gold._quality_batches where partition is not null"));
        Assert.Equal(["4"], await pipeline.QueryAsync("select count(*) from gold._quality_columns"));

        string Text(string key) => verdict[key]!.GetValue<string>();
        long Number(string key) => verdict[key]!.GetValue<long>();
        static double Round(double value) => Math.Round(value, 6);
    }

    [Fact]
    public async Task Run_Twice_KeepsOneVerdict()
    {
        var pipeline = await QualityPipeline.CreateAsync(medallion, Columns);
        await pipeline.LandAsync("f.csv", "id,day,amount,note\n1,2023-01-01,1,a\n");
        var report = await new RunDriver(pipeline.Floor) { Attempts = 2 }.RunAsync(await pipeline.RequestAsync(), TestContext.Current.CancellationToken);

        // The end of a run is done at least once too.
        await pipeline.Floor.GetRequiredService<PipelineSteps>().EndAsync(new RunEnd { RunId = report.Run.Id, Pipeline = pipeline.Name, Definition = report.Plan.Definition }, TestContext.Current.CancellationToken);
        await pipeline.SucceedAsync();

        Assert.Equal(["1"], await pipeline.QueryAsync("select count(*) from gold._quality_batches"));
        Assert.Equal("1", (await pipeline.VerdictAsync(run: report.Run.Id))["rows"]!.ToString());
    }

    [Fact]
    public async Task Floor_Hold_KeepsTheBatchInBronzeUntilItIsGoodEnough()
    {
        var pipeline = await QualityPipeline.CreateAsync(
            medallion, Columns, "quality: {floor: 90%}", "", ("gold.total", "select sum(amount) as total from silver.f"), ("gold.refused", "select count(*) as n from rejected.f"));
        await pipeline.LandAsync("a.csv", "id,day,amount,note\n1,2023-01-01,-1,a\n,2023-01-01,-1,a\n");
        var first = await pipeline.SucceedAsync();
        Assert.Equal((StepStatus.Held, StepStatus.Skipped, StepStatus.Skipped), (first["silver.f"].Status, first["gold.total"].Status, first["gold.refused"].Status));
        Assert.Contains("the batch scores 50%, where 90% is the floor", first["silver.f"].Note, StringComparison.Ordinal);
        var verdict = await pipeline.VerdictAsync();
        Assert.Equal(("held", "bronze"), (verdict["verdict"]!.GetValue<string>(), verdict["tier"]!.GetValue<string>()));

        // With what comes next it is good enough.
        await pipeline.LandAsync("b.csv", $"id,day,amount,note\n{string.Concat(Enumerable.Range(2, 30).Select(i => $"{i},2023-01-01,1,a\n"))}");
        await pipeline.SucceedAsync();
        Assert.Equal(["30"], await pipeline.QueryAsync("select count(*) from silver.f"));
        Assert.Equal(["2"], await pipeline.QueryAsync("select n from gold.refused"));

        // Held again: what is there stays, and nothing is fed.
        await pipeline.LandAsync("c.csv", "id,day,amount,note\n1,2023-01-01,-1,a\n,2023-01-01,-1,a\n");
        var third = await pipeline.SucceedAsync();
        Assert.Equal((StepStatus.Held, StepStatus.Unchanged), (third["silver.f"].Status, third["gold.total"].Status));
        Assert.Equal(["30|2"], await pipeline.QueryAsync("select count(*), (select count(*) from rejected.f) from silver.f"));
        Assert.Equal(["held|whole|2", "passed|whole|32", "held|increment|2"], await pipeline.QueryAsync("select verdict, kind, rows from gold._quality_batches order by judged_at"));
    }

    [Theory]
    [InlineData("quality: {floor: 90%, below: fail}", "Failed", "the batch scores 50%, where 90% is the floor. Correct the files", "failed")]
    [InlineData("quality: {floor: 90%, below: warn}", "Succeeded", "", "warned")]
    [InlineData("quality: {below: fail}\nrules: [{id: amount-range, at_most: 10%}]", "Failed", "100% of the rows fail 'amount-range', where 10% are tolerated", "failed")]
    [InlineData("rules: [{id: amount-range, at_most: 10%}]", "Held", "where 10% are tolerated", "held")]
    [InlineData("rules: [{id: amount-range, at_most: 100%}]", "Succeeded", "", "passed")]
    [InlineData("rules: [{id: small, expect: amount > 0, otherwise: fail, at_most: 50%}]", "Failed", "2 row(s) break it ('amount > 0' is not true), such as record 1", "failed")]
    [InlineData("rules: [{id: big, expect: id = 1, otherwise: fail, at_most: 50%}]", "Succeeded", "", "passed")]
    public async Task Batch_WorseThanAsked_IsHandledAsAsked(string more, string status, string message, string verdict)
    {
        var pipeline = await QualityPipeline.CreateAsync(medallion, Columns, more);
        await pipeline.LandAsync("a.csv", "id,day,amount,note\n1,2023-01-01,-1,a\n,2023-01-01,-1,a\n");

        var report = await pipeline.RunAsync();

        Assert.Equal(status, report["silver.f"].Status.ToString());
        Assert.Contains(message, $"{report["silver.f"].Error}{report["silver.f"].Note}", StringComparison.Ordinal);
        Assert.Equal(verdict, (await pipeline.VerdictAsync())["verdict"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("", "Succeeded", "warned", "'agree': the sum of debit is 12.5, that of credit 12.4")]
    [InlineData(", within: 0.1", "Succeeded", "passed", "")]
    [InlineData(", otherwise: fail", "Failed", "failed", "Rule 'agree' of source 'f' fails the step: the sum of debit is 12.5, that of credit 12.4.")]
    public async Task Sums_OfAcceptedRows_MustAgree(string more, string status, string verdict, string message)
    {
        var pipeline = await QualityPipeline.CreateAsync(
            medallion, "id: {type: bigint}\ndebit: {type: 'decimal(9,2)'}\ncredit: {type: double}\nday: {type: date}", $"partition: {{by: day, as: [year]}}\nrules:\n  - {{id: agree, sum: debit, equals: credit{more}}}");
        await pipeline.LandAsync("a.csv", "id,debit,credit,day\n1,10,2.4,2024-01-01\n2,2.5,10,2025-01-01\nx,100,1,2025-01-01\n4,,,\n");

        var report = await pipeline.RunAsync();

        Assert.Equal(status, report["silver.f"].Status.ToString());
        var found = await pipeline.VerdictAsync();
        Assert.Equal(verdict, found["verdict"]!.GetValue<string>());
        Assert.Contains(message, $"{found["reason"]}", StringComparison.Ordinal);
        Assert.Contains(verdict == "passed" ? "agree 0/1" : "agree 1/1", found.Checks(failedOnly: false));
    }

    [Fact]
    public async Task Model_RequiresGold_ReadsGoldRowsOnly()
    {
        var pipeline = await QualityPipeline.CreateAsync(
            medallion,
            Columns,
            "rules: [{id: noted, expect: note is not null and note <> '', otherwise: warn}]",
            "models:\n  gold.strict: {requires: gold}\n  gold.lax: {requires: silver}\n",
            ("gold.strict", "select count(*) as n from silver.f"),
            ("gold.lax", "select count(*) as n from silver.f"));
        await pipeline.LandAsync("a.csv", "id,day,amount,note\n1,2023-01-01,1,a\n2,2023-01-01,1,\n3,2023-01-01,1,c\n");

        await pipeline.SucceedAsync();

        Assert.Equal(["2|3"], await pipeline.QueryAsync("select (select n from gold.strict), (select n from gold.lax)"));
    }

    [Theory]
    [InlineData("key: [id]")]
    [InlineData("partition: {by: day, as: [year, month]}")]
    public async Task Batch_InParts_IsMeasuredAsOne(string options)
    {
        var more = $"{options}\nquality: {{gold: 90%, expected_every: 1d, age_of: day}}\nrules: [{{id: cheap, expect: amount < 500, otherwise: warn}}, {{id: same, sum: amount, equals: amount * 2}}]";
        var whole = await QualityPipeline.CreateAsync(medallion, Columns, more);
        var parts = await QualityPipeline.CreateAsync(medallion, Columns, more);
        parts = parts.On(medallion.Compose(TimeProvider.System, s => s.AddSingleton(new CleanLimits { SingleBytes = 1, PartBytes = 1, BucketBytes = 1 << 20 })));
        foreach (var pipeline in new[] { whole, parts })
        {
            for (var file = 0; file < 3; file++)
            {
                await pipeline.LandAsync($"{file}.csv", $"id,day,amount,note\n{string.Concat(Enumerable.Range(0, 200).Select(i => $"{(i % 17 == 0 ? "" : $"{(file * 150) + i}")},{2020 + (i % 3)}-0{1 + (i % 5)}-01,{(i * 7) - 50},{(i % 4 == 0 ? "" : "n")}\n"))}");
            }

            await pipeline.SucceedAsync();
        }

        var (one, cut) = (await whole.VerdictAsync(), await parts.VerdictAsync());
        foreach (var key in new[] { "rows", "accepted", "warned", "rejected", "tiers", "scores", "score", "tier", "columns", "partitions", "checks" })
        {
            Assert.Equal(one[key]!.ToJsonString().Replace(whole.Name, "", StringComparison.Ordinal), cut[key]!.ToJsonString().Replace(parts.Name, "", StringComparison.Ordinal));
        }
    }
}
