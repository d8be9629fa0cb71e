using System.Globalization;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Tests.Sources.Database;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Serving;

[Collection(PostgresTests.Name)]
public sealed class ServingDeathTests(MedallionFixture medallion, PostgresFixture postgres)
{
    [Theory]
    [InlineData(ServeMode.Replace)]
    [InlineData(ServeMode.Upsert)]
    public async Task Serve_InstanceDiesAfterAnyMessage_TheTargetIsOneVersionOrTheOtherAndTheNextCompletesIt(ServeMode mode)
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "select 1");
        var gold = new ServedGold(shop.Compose(), ServedGold.Definition($"{shop.Schema}.target", mode, "id"));
        await using var proxy = new DyingProxy(postgres.Port);
        await Deaths.RunAsync(gold, gold.On(shop.Compose(connectionString: $"{PostgresFixture.ConnectionStringFor(proxy.Port)};Pooling=false")), proxy, "COMMIT\0", async () =>
        {
            var held = Assert.Single(await shop.QueryAsync("select concat_ws('|', (select version from pipeline_served), count(*), min(id), min(generation), max(generation)) from target")).Split('|');
            Assert.Equal([held[0], "3", held[0], held[0], held[0]], held);
            return long.Parse(held[0], CultureInfo.InvariantCulture);
        });
    }
}
