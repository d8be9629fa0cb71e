using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;
using Pipeline.Medallion.Sources.Database;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Sources.Database;

/// <summary>An instance dies before each of its writes in turn, while the table changes; another one runs the pipeline again.</summary>
[Collection(PostgresTests.Name)]
public sealed class SqlDeathTests(MedallionFixture medallion, PostgresFixture postgres)
{
    private const string Yaml = """
        sources:
          orders:
            connector: sql
            connection: shop
            table: @.orders
            cursor: changed
            split_by: id
            key: [id]
        """;

    private static readonly SqlOptions Small = new() { RowsPerPart = 8, MaxParts = 2 };

    [Fact]
    public async Task Run_InstanceDiesBeforeAnyWrite_TheNextOneLosesAndDoublesNothing()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "create table orders (id int primary key, changed int)");
        var living = await shop.PipelineAsync(Yaml, Small);
        var (deaths, survived) = (0, false);
        while (!survived)
        {
            // One row is new, one has changed, and one has the value at which the last load ended.
            await shop.ExecuteAsync($"insert into orders values ({(10 * deaths) + 1}, {deaths + 1}), ({(10 * deaths) + 2}, {deaths}); update orders set changed = {deaths + 1} where id = {(10 * deaths) - 9}");
            var dying = living.On(shop.Compose(Small, change: services => services.AddSingleton<ILake>(new DyingLake(living.Lake, deaths))));
            survived = await TryAsync(dying);
            deaths += survived ? 0 : 1;
            await living.SucceedAsync();
            var rows = (2 * (deaths + (survived ? 1 : 0))) + (deaths + (survived ? 1 : 0) - 1);
            Assert.Equal($"{rows}|{rows}|{rows}", await living.ScalarAsync("select count(*), count(distinct (id, changed)), count(distinct (_file, _row)) from bronze.orders"));
            Assert.Equal(await shop.QueryAsync("select id::text, changed::text from orders order by orders.id"), await living.QueryAsync("select id, changed from silver.orders order by id"));
        }

        // The parts and manifests, a data file and a commit of each table, at least.
        Assert.True(deaths >= 8, $"It died {deaths} times only.");
    }

    private static async Task<bool> TryAsync(TestPipeline dying)
    {
        try
        {
            return (await dying.RunAsync()).Run.Error is null;
        }
        catch (TransientException)
        {
            return false;
        }
    }
}
