using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Maintenance;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Tests.Maintenance;

public sealed class LakeMaintenanceTests(MedallionFixture medallion)
{
    private const string Yaml = """
        sources:
          sales:
            connector: file
            path: $/*.csv
            key: [id]
            partition: {by: day, as: [year]}
            columns:
              id: {type: bigint, required: true}
              day: {type: date}
              amount: {type: "decimal(18,2)"}
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Maintain_ManySmallFiles_ArePackedAndTheNextRunHasNothingToDo()
    {
        var pipeline = await NewAsync();
        await LandAsync(pipeline, 2);
        var before = await RowsAsync(pipeline);

        var report = await MaintainAsync(pipeline);
        var again = await MaintainAsync(pipeline);
        var run = await pipeline.SucceedAsync();

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.True(report.Figures.FilesPacked >= 4 && report.Figures.FilesMade < report.Figures.FilesPacked, report.Figures.ToString());
        Assert.Equal((0, 0), (again.Figures.FilesPacked, again.Figures.Failed));
        Assert.Empty(run.Built);
        Assert.Equal(before, await RowsAsync(pipeline));
    }

    [Fact]
    public async Task Maintain_ThenNewAndChangedFiles_AreTakenAsIfNothingWasPacked()
    {
        var (maintained, plain) = (await NewAsync(), await NewAsync());
        foreach (var pipeline in new[] { maintained, plain })
        {
            await LandAsync(pipeline, 2);
            if (pipeline == maintained)
            {
                await MaintainAsync(pipeline);
            }

            await pipeline.LandAsync("1.csv", Csv(1, amount: 5));
            await pipeline.LandAsync("9.csv", Csv(9, amount: 7));
            await pipeline.SucceedAsync();
        }

        Assert.Equal(await RowsAsync(plain), await RowsAsync(maintained));
        Assert.Contains(await RowsAsync(maintained), row => row.EndsWith("|5.00", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Maintain_BetweenPlanAndSteps_DoesNotBreakTheRun()
    {
        var pipeline = await NewAsync();
        await LandAsync(pipeline, 2);
        await pipeline.LandAsync("1.csv", Csv(1, amount: 5));
        await pipeline.LandAsync("9.csv", Csv(9, amount: 7));
        var packed = new MaintenanceFigures();

        var report = await new RunDriver(pipeline.Floor) { Planned = async _ => packed = (await MaintainAsync(pipeline)).Figures }.RunAsync(await pipeline.RequestAsync(), Cancelled);

        Assert.True(packed.FilesPacked > 0, packed.ToString());
        Assert.True(report.Run.Status == RunStatus.Succeeded, report.Run.Error);
        Assert.Equal(["6|26.00"], await pipeline.QueryAsync("select count(*), sum(amount) from silver.sales"));
    }

    [Fact]
    public async Task Maintain_DryRun_TellsTheSameAndChangesNothing()
    {
        var pipeline = await NewAsync("maintenance: {retention: {silver.sales: 400d}}");
        await LandAsync(pipeline, 2);
        var versions = await VersionsAsync(pipeline);

        var dry = await MaintainAsync(pipeline, dryRun: true);
        Assert.Equal(versions, await VersionsAsync(pipeline));
        var real = await MaintainAsync(pipeline);

        Assert.True(dry.DryRun);
        Assert.NotEqual(versions, await VersionsAsync(pipeline));
        Assert.Equal(Of(real, "silver.sales", MaintenanceOperation.Retention) with { Version = null, Partitions = [] }, Of(dry, "silver.sales", MaintenanceOperation.Retention) with { Partitions = [] });
        Assert.Equal(Of(real, "bronze.sales", MaintenanceOperation.Optimize).Files, Of(dry, "bronze.sales", MaintenanceOperation.Optimize).Files);
    }

    [Fact]
    public async Task Maintain_Retention_RemovesOldPartitionsAndWhatIsMadeOfThemFollows()
    {
        var pipeline = await NewAsync("maintenance: {retention: {silver.sales: 400d}}");
        await LandAsync(pipeline, 2);

        var report = await MaintainAsync(pipeline);
        var removed = Of(report, "silver.sales", MaintenanceOperation.Retention);
        var run = await pipeline.SucceedAsync();

        Assert.Equal((MaintenanceStatus.Done, 2L, "year=2001"), (removed.Status, removed.Rows, Assert.Single(removed.Partitions)));
        Assert.Equal(2, report.Figures.RowsRemoved);
        Assert.Equal(["2|0"], await pipeline.QueryAsync("select count(*) filter (day > '2002-01-01'), count(*) filter (day < '2002-01-01') from silver.sales"));
        Assert.Equal(["gold.totals"], run.Built);
        Assert.Equal(["2"], await pipeline.QueryAsync("select rows from gold.totals"));
        Assert.Equal(MaintenanceStatus.Nothing, Of(await MaintainAsync(pipeline), "silver.sales", MaintenanceOperation.Retention).Status);

        // What arrives later does not bring back what is gone.
        await pipeline.LandAsync("9.csv", Csv(9, amount: 7));
        await pipeline.SucceedAsync();
        Assert.Equal(["3"], await pipeline.QueryAsync("select count(*) from silver.sales where day > '2002-01-01'"));
        Assert.Equal(["1"], await pipeline.QueryAsync("select count(*) from silver.sales where day < '2002-01-01'"));
    }

    [Fact]
    public async Task Maintain_RetentionWhileASourceIsCleaned_IsOneOrTheOther()
    {
        var pipeline = await NewAsync("maintenance: {retention: {silver.sales: 400d}}");
        await LandAsync(pipeline, 1);
        await pipeline.LandAsync("1.csv", Csv(1, amount: 5));
        var (planned, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        var running = new RunDriver(pipeline.Floor)
        {
            Planned = async _ =>
            {
                planned.SetResult();
                await go.Task;
            },
        }.RunAsync(await pipeline.RequestAsync(), Cancelled);
        await planned.Task;
        var maintaining = MaintainAsync(pipeline);
        go.SetResult();

        var (run, report) = (await running, await maintaining);

        // A step that lost is tried again by the orchestration; here the next run does that.
        Assert.Contains(Of(report, "silver.sales", MaintenanceOperation.Retention).Status, new[] { MaintenanceStatus.Done, MaintenanceStatus.Postponed });
        Assert.True(run.Run.Status == RunStatus.Succeeded || run.Run.Error?.Contains("repeat the step", StringComparison.Ordinal) == true, run.Run.Error);
        await pipeline.SucceedAsync();
        await MaintainAsync(pipeline);
        Assert.Equal(["1"], await pipeline.QueryAsync("select count(*) from silver.sales where day > '2002-01-01'"));
        Assert.Equal(["0"], await pipeline.QueryAsync("select count(*) from silver.sales where day < '2002-01-01'"));
    }

    [Fact]
    public async Task Maintain_FortyDaysLater_DeletesOldLogEntriesAndDeadFilesAndNoRow()
    {
        var pipeline = await NewAsync();
        await LandAsync(pipeline, 1);
        await pipeline.LandAsync("1.csv", Csv(1, amount: 11));
        await pipeline.SucceedAsync();
        var bronze = pipeline.Floor.GetRequiredService<LakeTables>().Open(pipeline.Name, TableKey.Parse("bronze.sales"));
        while ((await bronze.RestoreAsync(1, Cancelled)).Version < 10)
        {
            // Any commit will do; the eleventh writes a checkpoint.
        }

        var clock = new ManualClock();
        clock.Advance(TimeSpan.FromDays(40));
        var later = pipeline.On(medallion.Compose(clock));
        MaintenanceOperation[] operations = [MaintenanceOperation.Checkpoint, MaintenanceOperation.LogCleanup, MaintenanceOperation.Vacuum];
        var dry = await MaintainAsync(later, r => r with { Operations = operations, DryRun = true });
        var report = await MaintainAsync(later, r => r with { Operations = operations });

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal(MaintenanceStatus.Nothing, Of(report, "bronze.sales", MaintenanceOperation.Checkpoint).Status);
        Assert.Equal(10, report.Figures.LogFilesDeleted);
        Assert.True(report.Figures.FilesDeleted >= 3 && report.Figures.BytesFreed > 1_000, report.Figures.ToString());
        Assert.Equal(dry.Figures.LogFilesDeleted, report.Figures.LogFilesDeleted);
        await pipeline.SucceedAsync();
        Assert.Equal(["2|22.00"], await pipeline.QueryAsync("select count(*), sum(amount) from silver.sales"));
    }

    [Fact]
    public async Task Maintain_SomeTablesAndOperations_AreTheOnlyOnes()
    {
        var pipeline = await NewAsync();
        await LandAsync(pipeline, 1);

        var report = await MaintainAsync(pipeline, r => r with { Tables = [TableKey.Parse("silver.sales")], Operations = [MaintenanceOperation.Vacuum] });

        var table = Assert.Single(report.Tables);
        Assert.Equal((pipeline.Name, "silver.sales", MaintenanceOperation.Vacuum), (table.Pipeline, table.Table.ToString(), Assert.Single(table.Operations).Operation));
    }

    [Fact]
    public async Task Maintain_DefinitionBroken_LooksAfterTheTablesAndRemovesNothing()
    {
        var pipeline = await NewAsync("maintenance: {retention: {silver.sales: 400d}}");
        await LandAsync(pipeline, 2);
        await pipeline.WriteDefinitionAsync("pipeline.yaml", "nonsense");

        var report = await MaintainAsync(pipeline);

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.True(report.Figures.FilesPacked > 0);
        Assert.DoesNotContain(report.Tables.SelectMany(t => t.Operations), o => o.Operation == MaintenanceOperation.Retention);
    }

    [Fact]
    public async Task Maintain_LogDamaged_FailsForThatTableOnly()
    {
        var pipeline = await NewAsync();
        await LandAsync(pipeline, 1);
        await pipeline.Lake.WriteAsync(LakeTables.Root(pipeline.Name, TableKey.Parse("gold.totals")).Append("_delta_log/00000000000000000000.json"), "{\"protocol\":{\"minReaderVersion\":9,\"minWriterVersion\":9}}"u8.ToArray(), Cancelled);

        var report = await MaintainAsync(pipeline);

        Assert.Equal((RunStatus.Failed, 1), (report.Status, report.Figures.Failed));
        Assert.All(report.Tables, t => Assert.Equal(t.Table.ToString() == "gold.totals", t.Status == MaintenanceStatus.Failed));
        Assert.All(report.Tables.Single(t => t.Status == MaintenanceStatus.Failed).Operations.Where(o => o.Status == MaintenanceStatus.Failed), o => Assert.NotNull(o.Reason));
    }

    [Fact]
    public async Task Maintain_TableWithoutItsFirstCommit_HasNothingToDo()
    {
        var pipeline = await NewAsync();
        var early = LakeTables.Root(pipeline.Name, TableKey.Parse("bronze.sales")).Append("part-0.parquet");
        await pipeline.Lake.WriteAsync(early, "a file of a commit to come"u8.ToArray(), Cancelled);

        var report = await MaintainAsync(pipeline);

        Assert.Equal(RunStatus.Succeeded, report.Status);
        Assert.Equal((1, 0), (report.Figures.Tables, report.Figures.Failed));
    }

    [Fact]
    public async Task Begin_UnknownPipelineOrTable_IsRefused()
    {
        var maintenance = medallion.Floor.GetRequiredService<LakeMaintenance>();
        var pipeline = await NewAsync();

        await Assert.ThrowsAsync<UnknownPipelineException>(() => maintenance.BeginAsync(new MaintenanceRequest { Id = "", Pipeline = "none" }, Cancelled));
        await Assert.ThrowsAsync<UnknownTableException>(() => maintenance.BeginAsync(new MaintenanceRequest { Id = "", Pipeline = pipeline.Name, Tables = [TableKey.Parse("silver.none")] }, Cancelled));
    }

    private async Task<TestPipeline> NewAsync(string more = "")
    {
        await medallion.Floor.GetRequiredService<MaintenanceStore>().CreateAsync(Cancelled);
        return await TestPipeline.CreateAsync(medallion, $"{Yaml}\n{more}", ("gold.totals", "select count(*) as rows, sum(amount) as amount from silver.sales"));
    }

    // A run for every file, so that every table has several: each has a row of 2001 and one of this year.
    private static async Task LandAsync(TestPipeline pipeline, int files)
    {
        for (var file = 1; file <= files; file++)
        {
            await pipeline.LandAsync($"{file}.csv", Csv(file, amount: 1));
            await pipeline.SucceedAsync();
        }
    }

    private static string Csv(int file, int amount) =>
        string.Create(CultureInfo.InvariantCulture, $"id,day,amount\n{file},2001-05-05,{amount}\n{file + 100},{TimeProvider.System.GetUtcNow().AddDays(-1):yyyy-MM-dd},{amount}\n");

    private static Task<MaintenanceRecord> MaintainAsync(TestPipeline pipeline, bool dryRun = false) => MaintainAsync(pipeline, r => r with { DryRun = dryRun });

    // As the orchestration does it.
    private static async Task<MaintenanceRecord> MaintainAsync(TestPipeline pipeline, Func<MaintenanceRequest, MaintenanceRequest> ask)
    {
        var maintenance = pipeline.Floor.GetRequiredService<LakeMaintenance>();
        var begun = await maintenance.BeginAsync(ask(new MaintenanceRequest { Id = "", Pipeline = pipeline.Name }), Cancelled);
        var request = Json.Read<MaintenanceRequest>(Json.Write(begun));
        var figures = new MaintenanceFigures();
        var count = await maintenance.PlanAsync(request, Cancelled);
        for (var number = 0; number < count; number++)
        {
            figures = MaintenanceFigures.Add(figures, MaintenanceFigures.Of(await maintenance.MaintainAsync(request.Id, number, Guid.NewGuid().ToString("N"), Cancelled)));
        }

        await maintenance.EndAsync(request.Id, null, figures, Cancelled);
        var found = Assert.IsType<MaintenanceRecord>(await pipeline.Floor.GetRequiredService<MaintenanceStore>().FindAsync(request.Id, Cancelled));
        Assert.Equal((count, figures), (found.PlannedTables, found.Figures));
        return found;
    }

    private static OperationReport Of(MaintenanceRecord maintenance, string table, MaintenanceOperation operation) =>
        maintenance.Tables.Single(t => t.Table.ToString() == table).Operations.Single(o => o.Operation == operation);

    private static async Task<IReadOnlyList<string>> RowsAsync(TestPipeline pipeline) =>
    [
        .. await pipeline.QueryAsync($"select replace(_file, '{pipeline.Name}', ''), _row, id, day, amount from bronze.sales order by all"),
        .. await pipeline.QueryAsync("select id, day, amount from silver.sales order by all"),
        .. await pipeline.QueryAsync("select * from gold.totals"),
    ];

    private static async Task<IReadOnlyList<string>> VersionsAsync(TestPipeline pipeline) =>
        [.. (await pipeline.Floor.GetRequiredService<TableCatalog>().ListAsync(pipeline.Name, Cancelled)).Select(t => $"{t.Layer}.{t.Table} {t.Version}")];
}
