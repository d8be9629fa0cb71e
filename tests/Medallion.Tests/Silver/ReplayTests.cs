using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Tests.Silver;

/// <summary>Rejected rows that are tried again are in silver or in rejected, once.</summary>
public sealed class ReplayTests(MedallionFixture medallion)
{
    private const string Keyed = "key: [id], ";
    private const string Columns = "id: {type: bigint, required: true}, day: {type: date}, amount: {type: 'decimal(18,2)', min: 0}";
    private const string Rows = "id,day,amount\n1,2024-01-01,10\n2,2024-01-01,-5\n3,2024-02-30,7\n,2024-01-01,1\n5,2024-01-01,\"1,5\"\n6,2024-01-01,-6\n";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Keyed)]
    [InlineData("")]
    public async Task Replay_WithAFix_MovesWhatPassesOnce(string options)
    {
        var pipeline = await CreateAsync(options, Columns);
        await pipeline.LandAsync("a.csv", Rows);
        await pipeline.SucceedAsync();
        Assert.Equal(["1"], await pipeline.QueryAsync("select total from gold.days"));
        Assert.Equal(5, (await pipeline.RejectedAsync("f")).Count);

        var replay = new ReplayRequest { Table = TableKey.Parse("silver.f"), Rule = "amount-range", Fix = new Dictionary<string, string> { ["amount"] = "ltrim(amount, '-')" } };
        var report = await ReplayAsync(pipeline, replay, attempts: 2);

        Assert.Equal((2, 2, 0), (report["silver.f"].RowsIn, report["silver.f"].RowsOut, report["silver.f"].RowsRejected));
        Assert.Equal("Replay of 2 rows of rejected.f (rows that failed 'amount-range', with amount = ltrim(amount, '-')): 2 passed, 0 failed again.", report["silver.f"].Note);
        Assert.Equal(["1|10.00", "2|5.00", "6|6.00"], await pipeline.QueryAsync("select id, amount from silver.f order by id"));
        Assert.Equal(["3|day-type:day:2024-02-30", "4|id-required:id", "5|amount-type:amount:1,5"], await pipeline.RejectedAsync("f"));
        Assert.Equal(["3"], await pipeline.QueryAsync("select total from gold.days"));
        Assert.Equal(["replay|2|2"], await pipeline.QueryAsync("select kind, rows, accepted from gold._quality_batches order by judged_at desc limit 1"));

        // Again: nothing is left to move.
        var again = await ReplayAsync(pipeline, replay);
        Assert.Equal(StepStatus.Unchanged, again["silver.f"].Status);
        Assert.Equal("No row of rejected.f is among rows that failed 'amount-range', with amount = ltrim(amount, '-').", again["silver.f"].Note);
        Assert.Equal(StepStatus.Unchanged, (await pipeline.SucceedAsync())["silver.f"].Status);
        await EachRowOnceAsync(pipeline);
    }

    [Fact]
    public async Task Replay_OfRowsThatFailAgain_KeepsThemWithNewReasons()
    {
        var pipeline = await CreateAsync(Keyed, Columns);
        await pipeline.LandAsync("a.csv", Rows);
        await pipeline.SucceedAsync();

        var report = await ReplayAsync(pipeline, new ReplayRequest { Table = TableKey.Parse("silver.f"), Fix = new Dictionary<string, string> { ["day"] = "'x'", ["amount"] = "replace(amount, ',', '.')" } });

        Assert.Equal((5, 0, 5), (report["silver.f"].RowsIn, report["silver.f"].RowsOut, report["silver.f"].RowsRejected));
        Assert.Equal(
            ["2|day-type:day:x amount-range:amount:-5", "3|day-type:day:x", "4|id-required:id day-type:day:x", "5|day-type:day:x", "6|day-type:day:x amount-range:amount:-6"],
            await pipeline.RejectedAsync("f"));
        await EachRowOnceAsync(pipeline);
    }

    [Fact]
    public async Task Replay_AfterTheRulesChanged_GoesByThose_AndTheNextRunMakesAllAnew()
    {
        var pipeline = await CreateAsync(Keyed, Columns);
        await pipeline.LandAsync("a.csv", Rows);
        await pipeline.SucceedAsync();
        await pipeline.DefineAsync(Yaml(Keyed, Columns.Replace("min: 0", "min: -5", StringComparison.Ordinal)), Model);

        await ReplayAsync(pipeline, new ReplayRequest { Table = TableKey.Parse("silver.f"), Rule = "amount-range" });

        Assert.Equal(["1", "2"], await pipeline.QueryAsync("select id from silver.f order by id"));
        Assert.Equal("its definition changed", (await pipeline.SucceedAsync()).Plan.Steps.First(s => s.Table.ToString() == "silver.f").Why ?? "its definition changed");
        Assert.Equal(["1", "2"], await pipeline.QueryAsync("select id from silver.f order by id"));
        await EachRowOnceAsync(pipeline);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Replay_EndedBetweenItsCommits_LosesNothing(bool isTriedAgain)
    {
        var pipeline = await CreateAsync(Keyed, Columns);
        await pipeline.LandAsync("a.csv", Rows);
        await pipeline.SucceedAsync();
        var silver = await VersionAsync(pipeline);
        var report = await ReplayAsync(pipeline, new ReplayRequest { Table = TableKey.Parse("silver.f"), Rule = "amount-range", Fix = new Dictionary<string, string> { ["amount"] = "'1'" } });
        await pipeline.Lake.DeleteAsync(LakeTables.Root(pipeline.Name, TableKey.Parse("silver.f")).Append($"_delta_log/{silver + 1:D20}.json"), Cancelled);
        Assert.Equal(["1"], await pipeline.QueryAsync("select id from silver.f"));

        if (isTriedAgain)
        {
            await new RunDriver(pipeline.Floor).StepAsync(report.Plan, report.Plan.Steps[0], report.Plan.Versions, Cancelled);
            Assert.Equal(["1", "2", "6"], await pipeline.QueryAsync("select id from silver.f order by id"));
            Assert.Equal(3, (await pipeline.RejectedAsync("f")).Count);
        }
        else
        {
            var next = await pipeline.SucceedAsync();
            Assert.Contains("are not of the same run", next["silver.f"].Note, StringComparison.Ordinal);
        }

        await EachRowOnceAsync(pipeline);
    }

    [Theory]
    [InlineData("freeze")]
    [InlineData("discard")]
    public async Task Replay_WithAFix_LeavesTheFieldsOfTheContractKnown(string evolution)
    {
        var pipeline = await CreateAsync($"{Keyed}evolution: {evolution}, ", Columns);
        await pipeline.LandAsync("a.csv", Rows);
        await pipeline.SucceedAsync();

        await ReplayAsync(pipeline, new ReplayRequest { Table = TableKey.Parse("silver.f"), Rule = "amount-range", Fix = new Dictionary<string, string> { ["amount"] = "'1'" } });

        Assert.Equal(["1", "2", "6"], await pipeline.QueryAsync($"select id from silver.f {(evolution == "discard" ? "where _rescued is null" : "")} order by id"));
    }

    [Fact]
    public async Task Replay_SourceWithAnyName_IsReplayed()
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, "sources: {rows: {connector: file, path: $/*.csv, columns: {id: {type: bigint}}}}");
        await pipeline.LandAsync("a.csv", "id\nx\n");
        await pipeline.SucceedAsync();

        var report = await ReplayAsync(pipeline, new ReplayRequest { Table = TableKey.Parse("silver.rows"), Fix = new Dictionary<string, string> { ["id"] = "'7'" } });

        Assert.Equal(1, report["silver.rows"].RowsOut);
        Assert.Equal(["7"], await pipeline.QueryAsync("select id from silver.rows"));
    }

    [Fact]
    public async Task Replay_MeetsPresentRowsOfItsKeys()
    {
        var pipeline = await CreateAsync("key: [id], latest_by: day, ", Columns);
        await pipeline.LandAsync("a.csv", "id,day,amount\n1,2024-01-02,1\n1,2024-01-01,-1\n2,2024-01-01,2\n2,2024-01-02,-2\n3,2024-01-01,3\n3,2024-01-01,-3\n");
        await pipeline.SucceedAsync();

        var report = await ReplayAsync(pipeline, new ReplayRequest { Table = TableKey.Parse("silver.f"), Fix = new Dictionary<string, string> { ["amount"] = "ltrim(amount, '-')" } });

        Assert.Equal((3, 2, 0), (report["silver.f"].RowsIn, report["silver.f"].RowsOut, report["silver.f"].RowsRejected));
        Assert.Equal(["1|2024-01-02|1.00", "2|2024-01-02|2.00", "3|2024-01-01|3.00"], await pipeline.QueryAsync("select id, day, amount from silver.f order by id"));
        Assert.Empty(await pipeline.RejectedAsync("f"));
    }

    [Fact]
    public async Task Replay_ByTime_TakesTheRowsOfThatTime()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var pipeline = (await CreateAsync(Keyed, Columns)).On(medallion.Compose(clock));
        await pipeline.LandAsync("a.csv", "id,day,amount\n1,2024-01-01,-1\n");
        await pipeline.SucceedAsync();
        clock.Advance(TimeSpan.FromDays(1));
        await pipeline.LandAsync("b.csv", "id,day,amount\n2,2024-01-01,-1\n");
        await pipeline.SucceedAsync();

        clock.Advance(TimeSpan.FromDays(1));
        await ReplayAsync(pipeline, new ReplayRequest { Table = TableKey.Parse("silver.f"), FromUtc = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero), ToUtc = new DateTimeOffset(2026, 1, 3, 0, 0, 0, TimeSpan.Zero), Fix = new Dictionary<string, string> { ["amount"] = "'1'" } });

        Assert.Equal(["2"], await pipeline.QueryAsync("select id from silver.f"));
        Assert.Equal(["1|amount-range:amount:-1"], await pipeline.RejectedAsync("f"));
    }

    [Theory]
    [InlineData("amount", "(select 1)", "The fix of 'amount' cannot be used")]
    [InlineData("amount", "sum(amount)", "The fix of 'amount' cannot be used")]
    [InlineData("amount", "getenv('HOME')", "The fix of 'amount' cannot be used")]
    [InlineData("amount", "repeat('x', 1000000000)", "The fix of 'amount' cannot be used")]
    [InlineData("amount", "amount from silver.f", "The fix of 'amount' cannot be used")]
    [InlineData("amount", "1); drop table x; select (1", "The fix of 'amount' cannot be used")]
    [InlineData("amount", "price", "reads 'price', which is not a column of bronze.f")]
    [InlineData("price", "1", "'price', which is not a column of silver.f")]
    public async Task Replay_WithAFixThatCannotBe_IsRefused(string column, string fix, string message)
    {
        var pipeline = await CreateAsync(Keyed, Columns);
        await pipeline.LandAsync("a.csv", Rows);
        await pipeline.SucceedAsync();

        var error = await Assert.ThrowsAnyAsync<TerminalException>(() => ReplayAsync(pipeline, new ReplayRequest { Table = TableKey.Parse("silver.f"), Fix = new Dictionary<string, string> { [column] = fix } }));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(5, (await pipeline.RejectedAsync("f")).Count);
    }

    private static (string Table, string Sql) Model => ("gold.days", "select count(*) as total from silver.f");

    private static string Yaml(string options, string columns) => $"sources:\n  f: {{connector: file, path: $/*.csv, {options}columns: {{{columns}}}}}\n";

    private Task<TestPipeline> CreateAsync(string options, string columns) => TestPipeline.CreateAsync(medallion, Yaml(options, columns), Model);

    private static async Task<RunReport> ReplayAsync(TestPipeline pipeline, ReplayRequest replay, int attempts = 1)
    {
        var report = await new RunDriver(pipeline.Floor) { Attempts = attempts }.RunAsync(await pipeline.RequestAsync() with { Replay = replay }, Cancelled);
        Assert.True(report.Run.Status == RunStatus.Succeeded, report.Run.Error);
        return report;
    }

    private static async Task<long> VersionAsync(TestPipeline pipeline) =>
        (await ((LakeTables)pipeline.Floor.GetService(typeof(LakeTables))!).Open(pipeline.Name, TableKey.Parse("silver.f")).ReadAsync((long?)null, Cancelled))!.Version;

    private static async Task EachRowOnceAsync(TestPipeline pipeline) => Assert.Empty(await pipeline.QueryAsync(
        "select _row from bronze.f b where (select count(*) from (select _file, _row from silver.f union all select file, row from rejected.f) o where o._file = b._file and o._row = b._row) <> 1"));
}
