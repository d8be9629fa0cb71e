using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Lineage.OpenLineage;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Tests.Sources.Database;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Serving;

/// <summary>Serving as a step of runs.</summary>
[Collection(PostgresTests.Name)]
public sealed class ServeRunTests(MedallionFixture medallion, PostgresFixture postgres)
{
    private const string Secret = PostgresFixture.Password;

    private const string Yaml = """
        sources:
          orders: {connector: file, path: $/*.csv, key: [id], columns: {id: {type: bigint}, country: {type: varchar}, amount: {type: 'decimal(9,2)'}}}
        models:
          gold.sales: {key: [country]}
        metrics:
          revenue: {from: gold.sales, expr: sum(amount)}
        serve:
          gold.sales: {connection: shop, table: @.sales, mode: upsert, indexes: [[amount]]}
          silver.orders: {connection: shop, table: @.orders}
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ServesWhatItMadeAndTheNextRunOnlyWhatChanged()
    {
        var (shop, pipeline) = await StartAsync();
        await pipeline.LandAsync("1.csv", "id,country,amount\n1,CH,1.50\n2,DE,2\n");
        var first = await pipeline.SucceedAsync();
        Assert.Equal(["bronze.orders", "silver.orders", "gold.sales", "serve.orders", "serve.sales"], first.Steps.Select(s => s.Name));
        Assert.Equal((StepKind.Serve, 2L, 2L, 0L), (first["serve.sales"].Kind, first["serve.sales"].RowsIn, first["serve.sales"].RowsOut, first["serve.sales"].Version));
        Assert.Equal(["CH|1.50", "DE|2.00"], await shop.QueryAsync("select concat_ws('|', country, amount) from sales order by 1"));
        Assert.Equal(["1|CH|1.50", "2|DE|2.00"], await shop.QueryAsync("select concat_ws('|', id, country, amount) from orders order by 1"));

        var second = await pipeline.SucceedAsync();
        Assert.Empty(second.Built);
        Assert.Equal(StepStatus.Unchanged, second["serve.sales"].Status);

        await pipeline.LandAsync("2.csv", "id,country,amount\n3,FR,3\n2,DE,4\n");
        var third = await pipeline.SucceedAsync();
        Assert.Equal((2L, 2L), (third["serve.sales"].RowsIn, third["serve.sales"].RowsOut));
        Assert.Equal(["CH|1.50", "DE|4.00", "FR|3.00"], await shop.QueryAsync("select concat_ws('|', country, amount) from sales order by 1"));

        // One step alone, all of it.
        var alone = await pipeline.RunAsync(fullRefresh: true, "serve.sales");
        Assert.Equal(["serve.sales"], alone.Built);
        Assert.Equal(3, alone["serve.sales"].RowsOut);
    }

    [Fact]
    public async Task Run_TargetIsDown_FailsThatStepAloneAndTheNextRunServes()
    {
        var (shop, pipeline) = await StartAsync();
        await pipeline.LandAsync("1.csv", "id,country,amount\n1,CH,1.50\n");
        var down = pipeline.On(shop.Compose(connectionString: $"Host=127.0.0.1;Port=1;Username=app;Password={Secret}"));

        var failed = await down.RunAsync();

        Assert.Equal(RunStatus.Failed, failed.Run.Status);
        Assert.Equal(["bronze.orders", "silver.orders", "gold.sales"], failed.Built);
        Assert.Equal(["serve.orders", "serve.sales"], failed.Steps.Where(s => s.Status == StepStatus.Failed).Select(s => s.Name));
        Assert.Contains("serve.sales: The database of connection 'shop' did not answer", failed.Run.Error, StringComparison.Ordinal);
        Assert.Equal(1.5m, failed.Run.Metrics["revenue"]);
        Assert.Equal("CH|1.50", await pipeline.ScalarAsync("select concat_ws('|', country, amount) from gold.sales"));
        Assert.Equal(["serve.orders", "serve.sales"], (await pipeline.SucceedAsync()).Built);
        Assert.Equal(["CH|1.50"], await shop.QueryAsync("select concat_ws('|', country, amount) from sales"));
        await AssertNowhereAsync(pipeline, failed);
    }

    [Fact]
    public async Task Run_TargetRefuses_NowhereHasTheSecret()
    {
        var (shop, pipeline) = await StartAsync();
        await pipeline.LandAsync("1.csv", "id,country,amount\n1,CH,1.50\n");
        var stranger = pipeline.On(shop.Compose(connectionString: $"{postgres.ConnectionString}".Replace("Username=app", $"Username={Secret}", StringComparison.Ordinal)));

        var failed = await stranger.RunAsync();

        Assert.Contains("password authentication failed for user \"***\"). Check what 'serve' says of 'gold.sales' (pipeline.yaml:", failed.Run.Error, StringComparison.Ordinal);
        await AssertNowhereAsync(stranger, failed);
        var served = await pipeline.SucceedAsync();
        await AssertNowhereAsync(pipeline, served);
        Assert.DoesNotContain(Secret, string.Join('\n', await shop.QueryAsync("select s::text from pipeline_served s")), StringComparison.Ordinal);
        var events = await pipeline.Floor.GetRequiredService<LineageLog>().ReadAsync(served.Run.Id, Cancelled);
        Assert.Contains(events, e => e["outputs"]!.ToJsonString().Contains($$"""{"namespace":"sql://shop","name":"{{shop.Schema}}.sales"}""", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("gold.sales: {connection: shop, mode: merge}", "'mode' in served table 'gold.sales' is 'merge': expected one of replace, upsert")]
    [InlineData("gold.nothing: {connection: shop}", "'serve' names 'gold.nothing', which is no table of silver or gold that this pipeline makes")]
    [InlineData("bronze.orders: {connection: shop}", "'serve' names 'bronze.orders', which is no table of silver or gold")]
    [InlineData("gold.sales: {connection: 'Host=x;Password=planted-secret-7Q'}", "'connection' of served table 'gold.sales' is no name of a connection")]
    [InlineData("gold.sales: {connection: shop, password: planted-secret-7Q}", "served table 'gold.sales' has 'password': passwords and connection strings have no place in a definition")]
    [InlineData("gold.sales: {connection: shop, table: 'a.b; drop table c'}", "'table' of served table 'gold.sales' is 'a.b; drop table c': expected NAME or SCHEMA.NAME")]
    [InlineData("gold.sales: {connection: shop, table: dbo.Pipeline_Served}", "that table tells what was served")]
    [InlineData("gold.sales: {connection: shop, key: [state]}", "'key' of the served table 'gold.sales' names 'state', which is not one of its columns: country, amount")]
    [InlineData("gold.sales: {connection: shop, indexes: [[Amount]]}", "'Amount' of served table 'gold.sales' cannot name a column")]
    [InlineData("gold.sales: {connection: shop, indexes: [amount]}", "'indexes' in served table 'gold.sales' is a list: expected a list of lists, such as [[a], [b, c]]")]
    [InlineData("gold.sales: {connection: shop, key: [amount, amount]}", "the key and each index of served table 'gold.sales' name one or more columns, each once")]
    [InlineData("gold.orders: {connection: shop}\n  silver.orders: {connection: shop, table: x}", "'silver.orders' and 'gold.orders' would both be the step 'serve.orders'")]
    [InlineData("gold.sales: {connection: shop, table: x}\n  silver.orders: {connection: shop, table: X}", "would both be served as shop/X")]
    [InlineData("gold.orders: {connection: shop, mode: upsert}", "served table 'gold.orders' is upserted, which goes by key, but neither it nor 'gold.orders' has one")]
    public async Task Definition_ThatCannotWork_IsRefused(string serve, string expected)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"{Yaml[..Yaml.IndexOf("serve:", StringComparison.Ordinal)]}serve:\n  {serve}", Sales, ("gold.orders", "select id from silver.orders"));

        var error = await pipeline.RefusedAsync();

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.Message, StringComparison.Ordinal);
    }

    private static (string, string) Sales => ("gold.sales", "select country, sum(amount)::decimal(9,2) as amount from silver.orders group by country");

    private async Task<(Shop Shop, TestPipeline Pipeline)> StartAsync()
    {
        var shop = await Shop.CreateAsync(medallion, postgres, "select 1");
        var pipeline = await TestPipeline.CreateAsync(medallion, Yaml.Replace("@", shop.Schema, StringComparison.Ordinal), Sales);
        return (shop, pipeline.On(shop.Compose()));
    }

    private static async Task AssertNowhereAsync(TestPipeline pipeline, RunReport report)
    {
        Assert.DoesNotContain(Secret, Json.Write(report), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, Json.Write(await pipeline.Floor.GetRequiredService<LineageLog>().ReadAsync(report.Run.Id, Cancelled)), StringComparison.Ordinal);
        var told = await pipeline.Floor.GetRequiredService<EventLog>().ReadAsync(new EventFilter { Source = $"{pipeline.Name}/serve.sales" }, 0, EventLog.MaxLimit, Cancelled);
        Assert.NotEmpty(told.Events);
        Assert.DoesNotContain(Secret, Json.Write(told), StringComparison.Ordinal);
    }
}
