using Azure.Data.Tables;

namespace Pipeline.Medallion.Tests.Sources.Entities;

/// <summary>Entities come and change between and during the runs, several at once; when all is still, silver has what the table has.</summary>
public sealed class EntityRoundsTests(MedallionFixture medallion)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ChangesBetweenAndDuringRuns_GivesSilverAsTheTable()
    {
        var random = new Random(25);
        var store = await EntityStore.CreateAsync(medallion);
        await ChangeAsync(40);
        var pipeline = await store.PipelineAsync("table: %, key: [partition_key, row_key]");
        for (var round = 0; round < SyncRounds.Of(5); round++)
        {
            await ChangeAsync(random.Next(10));
            var driver = new RunDriver(pipeline.Floor) { Planned = _ => ChangeAsync(random.Next(8)), Landed = _ => ChangeAsync(random.Next(4)) };
            var report = await driver.RunAsync(await pipeline.RequestAsync(select: "bronze.devices"), Cancelled);
            Assert.True(report.Run.Error is null, report.Run.Error);
        }

        await pipeline.SucceedAsync();

        var living = await store.Table.QueryAsync<TableEntity>(cancellationToken: Cancelled).ToListAsync(Cancelled);
        Assert.Equal(
            living.Select(e => $"{e.PartitionKey}|{e.RowKey}|{e.GetInt32("Level")?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null"}").Order(StringComparer.Ordinal),
            (await pipeline.QueryAsync("select partition_key, row_key, level from silver.devices")).Order(StringComparer.Ordinal));
        Assert.Equal("true", await pipeline.ScalarAsync("""select count(*) = count(distinct (PartitionKey, RowKey, "Timestamp")) and count(*) = count(distinct (_file, _row)) from bronze.devices"""));
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        async Task ChangeAsync(int changes)
        {
            while (changes-- > 0)
            {
                var partition = $"p{random.Next(4)}";
                var levels = Enumerable.Range(0, random.Next(1, 4)).Select(_ => (Row: $"r{random.Next(40)}", Level: random.Next(100))).DistinctBy(r => r.Row);
                var actions = levels.Select(l => new TableTransactionAction(TableTransactionActionType.UpsertReplace, random.Next(10) == 0 ? new TableEntity(partition, l.Row) : new TableEntity(partition, l.Row) { ["Level"] = l.Level }));
                await store.Table.SubmitTransactionAsync(actions, Cancelled);
            }
        }
    }
}
