using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Pipeline.Medallion.Silver;
using Pipeline.Medallion.Sources.Database;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Sources.Database;

/// <summary>Somebody inserts, changes and deletes rows between and during the runs; when all is still, silver has what the table has.</summary>
[Collection(PostgresTests.Name)]
public sealed class SqlRoundsTests(MedallionFixture medallion, PostgresFixture postgres)
{
    private const string Yaml = """
        sources:
          orders:
            connector: sql
            connection: shop
            table: @.orders
            cursor: updated_at
            lookback: 1m
            split_by: id
            key: [id]
            deleted: is_deleted
        """;

    private const string Living = "select id::text, amount::text, label from orders where not is_deleted order by orders.id";

    [Theory]
    [InlineData(7, long.MaxValue)]
    [InlineData(8, 20_000)]
    public async Task Run_ChangesBetweenAndDuringRuns_GivesSilverAsTheTable(int seed, long singleBytes)
    {
        var random = new Random(seed);
        var shop = await Shop.CreateAsync(
            medallion, postgres, "create table orders (id int primary key, label text, amount numeric(12,2) not null, is_deleted boolean not null default false, updated_at timestamptz not null default clock_timestamp())");
        await ChangeAsync(shop, random, 200);
        var pipeline = await shop.PipelineAsync(Yaml);
        pipeline = pipeline.On(shop.Compose(new SqlOptions { RowsPerPart = 150, MaxParts = 2, BatchBytes = 2048 }, change: services => services.AddSingleton(new CleanLimits { SingleBytes = singleBytes, PartBytes = 20_000, BucketBytes = 20_000 })));
        for (var round = 0; round < SyncRounds.Of(singleBytes == long.MaxValue ? 8 : 3); round++)
        {
            await ChangeAsync(shop, random, random.Next(30));
            var driver = new RunDriver(pipeline.Floor) { Planned = _ => ChangeAsync(shop, random, random.Next(20)), Landed = _ => ChangeAsync(shop, random, random.Next(10)) };
            var report = await driver.RunAsync(await pipeline.RequestAsync(), TestContext.Current.CancellationToken);
            Assert.True(report.Run.Error is null, report.Run.Error);
        }

        await pipeline.SucceedAsync();
        Assert.Equal(await shop.QueryAsync(Living), await pipeline.QueryAsync("select id, amount, label from silver.orders order by id"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        // What increments made of it, a rebuild from all of bronze makes too.
        var increments = await pipeline.QueryAsync("select * exclude (_ingested_at) from silver.orders order by id");
        await pipeline.RunAsync(fullRefresh: true, "silver.orders");
        Assert.Equal(increments, await pipeline.QueryAsync("select * exclude (_ingested_at) from silver.orders order by id"));
    }

    private static async Task ChangeAsync(Shop shop, Random random, int changes)
    {
        await using var connection = await shop.OpenAsync();
        await using var batch = new NpgsqlBatch(connection);
        for (var change = 0; change < changes; change++)
        {
            var id = random.Next(400);
            batch.BatchCommands.Add(new NpgsqlBatchCommand(random.Next(4) == 0
                ? $"update orders set is_deleted = true, updated_at = clock_timestamp() where id = {id}"
                : $"insert into orders (id, label, amount) values ({id}, 'l{random.Next(100)}', {random.Next(100_000)} / 100.0) on conflict (id) do update set label = excluded.label, amount = excluded.amount, is_deleted = false, updated_at = clock_timestamp()"));
        }

        if (changes > 0)
        {
            await batch.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }
}
