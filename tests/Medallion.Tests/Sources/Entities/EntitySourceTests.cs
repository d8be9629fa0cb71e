using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Sources.Health;

namespace Pipeline.Medallion.Tests.Sources.Entities;

public sealed class EntitySourceTests(MedallionFixture medallion)
{
    private const string Incremental = "table: %, key: [partition_key, row_key]";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_ValuesOfEachType_AreKeptAsTheyAre()
    {
        var store = await EntityStore.CreateAsync(medallion);
        var time = new DateTimeOffset(2024, 2, 29, 23, 59, 58, 999, TimeSpan.Zero).AddTicks(9_999);
        await store.PutAsync(
            "007", "a b'c", ("Big", long.MaxValue), ("Small", -5), ("Real", 0.1), ("Flag", true), ("Id", Guid.Parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff")), ("Bytes", new byte[] { 0, 255, 1 }), ("At", time), ("Digits", "0012"),
            ("Text", "línea\n\"x\" {y} 🚗"));
        await store.PutAsync("""{"PartitionKey": "007", "RowKey": "b", "Big@odata.type": "Edm.Int64", "Big": "7", "Real@odata.type": "Edm.Double", "Real": "NaN", "Mixed": 3, "Digits": "13"}""");
        await store.PutAsync("""{"PartitionKey": "007", "RowKey": "c", "Real@odata.type": "Edm.Double", "Real": "-Infinity", "Mixed": "three", "text": "another"}""");
        var pipeline = await store.PipelineAsync(Incremental);

        await pipeline.SucceedAsync();

        Assert.Equal(
            ["007|a b'c|9223372036854775807|-5|0.1|true|6f9619ff-8b86-d011-b42d-00cf4fc964ff|AP8B|2024-02-29T23:59:58.9999999Z|0012|línea\n\"x\" {y} 🚗|null|null",
             "007|b|7|null|NaN|null|null|null|null|13|null|3|null", "007|c|null|null|-Infinity|null|null|null|null|null|null|three|another"],
            await pipeline.QueryAsync("""select PartitionKey, RowKey, Big, Small, "Real", Flag, Id, Bytes, "At", Digits, Text, Mixed, text_2 from bronze.devices order by RowKey"""));
        Assert.Equal(
            ["VARCHAR|BIGINT|BIGINT|DOUBLE|BOOLEAN|VARCHAR|TIMESTAMP WITH TIME ZONE|VARCHAR|VARCHAR|TIMESTAMP WITH TIME ZONE"],
            await pipeline.QueryAsync("""select typeof(partition_key), typeof(big), typeof(small), typeof("real"), typeof(flag), typeof(bytes), typeof("at"), typeof(digits), typeof(mixed), typeof("timestamp") from silver.devices limit 1"""));
        Assert.Equal("0", await pipeline.ScalarAsync("select count(*) from rejected.devices"));
        Assert.Equal("true", await pipeline.ScalarAsync("""select count(*) filter (isnan("real")) = 1 and count(*) filter ("real" = '-infinity'::double) = 1 from silver.devices"""));
    }

    [Fact]
    public async Task Run_Incremental_TakesWhatIsNewOnceAndReplacesByKey()
    {
        var store = await EntityStore.CreateAsync(medallion);
        await Parallel.ForAsync(0, 40, Cancelled, async (i, _) => await store.PutAsync($"p{i % 3}", $"r{i}", ("Level", 0)));
        var pipeline = await store.PipelineAsync($"{Incremental}, lookback: 0s, latest_by: timestamp");
        var first = await pipeline.SucceedAsync();
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        // All of one partition in one transaction: they share a Timestamp.
        await store.Table.SubmitTransactionAsync(Enumerable.Range(0, 13).Select(i => new TableTransactionAction(TableTransactionActionType.UpsertReplace, new TableEntity("p0", $"r{3 * i}") { ["Level"] = 1 })), Cancelled);
        await store.PutAsync("p9", "new", ("Level", 2));
        var second = await pipeline.SucceedAsync();

        Assert.Equal(("40", "14"), ($"{first["bronze.devices"].RowsIn}", $"{second["bronze.devices"].RowsIn}"));
        Assert.Equal("41|13|2", await pipeline.ScalarAsync("select count(*), count(*) filter (level = 1), max(level) from silver.devices"));
        Assert.Equal("true", await pipeline.ScalarAsync("""select count(*) = 54 and count(distinct (PartitionKey, RowKey, "Timestamp")) = 54 and count(distinct (_file, _row)) = 54 from bronze.devices"""));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Theory]
    [InlineData("incremental")]
    [InlineData("full")]
    public async Task Run_TableThatIsEmptyAtFirst_HasTheColumnsOfEveryEntity(string load)
    {
        var store = await EntityStore.CreateAsync(medallion);
        var pipeline = await store.PipelineAsync($"{Incremental}, load: {load}");
        await pipeline.SucceedAsync();
        Assert.Equal("0", await pipeline.ScalarAsync("select count(*) from silver.devices"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        await store.PutAsync("1", "2", ("Level", 3));
        await pipeline.SucceedAsync();

        Assert.Equal(["1|2|3|VARCHAR|TIMESTAMP WITH TIME ZONE"], await pipeline.QueryAsync("""select partition_key, row_key, level, typeof(row_key), typeof("timestamp") from silver.devices"""));
    }

    [Fact]
    public async Task Run_WhatChangesWhileItReads_ComesWithTheNext()
    {
        var store = await EntityStore.CreateAsync(medallion);
        await store.PutAsync("p", "a", ("Level", 1));
        await store.PutAsync("p", "b", ("Level", 1));
        var pipeline = await store.PipelineAsync($"{Incremental}, lookback: 0s");
        var driver = new RunDriver(pipeline.Floor)
        {
            Attempts = 2,
            Planned = async _ =>
            {
                await store.SecondAsync();
                await store.PutAsync("p", "b", ("Level", 2));
                await store.PutAsync("p", "c", ("Level", 2));
            },
        };

        var report = await driver.RunAsync(await pipeline.RequestAsync(), Cancelled);

        Assert.Equal("a", string.Join(' ', await pipeline.QueryAsync("select row_key from silver.devices order by 1")));
        Assert.Equal(RunStatus.Succeeded, report.Run.Status);
        await pipeline.SucceedAsync();
        Assert.Equal(["a|1", "b|2", "c|2"], await pipeline.QueryAsync("select row_key, level from silver.devices order by 1"));
    }

    [Fact]
    public async Task Run_Full_BecomesWhatTheFilterLeavesOfTheTable()
    {
        var store = await EntityStore.CreateAsync(medallion);
        await Parallel.ForAsync(0, 120, Cancelled, async (i, _) => await store.PutAsync("p", $"r{i}", ("Level", i), ("Text", new string('x', 200))));
        var pipeline = await store.PipelineAsync("table: %, load: full, filter: Level ge 20 or RowKey eq 'r0', key: [row_key]");
        var first = await pipeline.SucceedAsync();
        Assert.Empty((await pipeline.SucceedAsync()).Built);
        await store.Table.DeleteEntityAsync("p", "r0", cancellationToken: Cancelled);
        await store.PutAsync("p", "r20", ("Level", 19));

        await pipeline.SucceedAsync();

        Assert.Equal(101, first["bronze.devices"].RowsIn);
        Assert.Equal("99|21|119", await pipeline.ScalarAsync("select count(*), min(level), max(level) from silver.devices"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Theory]
    [InlineData("table: Nowhere", "The table telemetry/Nowhere is refused (404 TableNotFound). There is no table 'Nowhere': check 'table' of the source, and the account of Connections__telemetry.")]
    [InlineData("table: %, filter: Level is 5", "The service does not take the 'filter' of the source: expected OData")]
    public async Task Run_WhatTheServiceRefuses_FailsItsStepOnly(string keys, string expected)
    {
        var store = await EntityStore.CreateAsync(medallion);
        await store.PutAsync("p", "r", ("Level", 1));
        var pipeline = await store.PipelineAsync($"{keys}, key: [row_key]", more: "\n  items: {connector: file, path: $/*.csv}");
        await pipeline.LandAsync("a.csv", "id\n1\n");

        var report = await pipeline.RunAsync();

        Assert.Contains(expected, report["bronze.devices"].Error, StringComparison.Ordinal);
        Assert.Equal(["bronze.items", "silver.items"], report.Built.Order());
        await pipeline.UnscannedAsync<TerminalException>("devices");
    }

    [Fact]
    public async Task Run_ServerDown_MayPassAndTellsNoSecret()
    {
        var store = await EntityStore.CreateAsync(medallion);
        const string connection = "DefaultEndpointsProtocol=http;AccountName=shop;AccountKey=czNjcmV0LXdvcmQ=;TableEndpoint=http://127.0.0.1:9/shop";
        var pipeline = await store.PipelineAsync(Incremental, connection);

        var error = await pipeline.UnscannedAsync<TransientException>("devices");
        var monitor = pipeline.Floor.GetRequiredService<SourceMonitor>();
        await monitor.CheckAsync(pipeline.Name, Cancelled);

        Assert.StartsWith("The table telemetry/Devices", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("czNjcmV0LXdvcmQ=", error.ToString(), StringComparison.Ordinal);
        var check = Assert.Single(await monitor.ListAsync(pipeline.Name, Cancelled));
        Assert.Equal((false, $"table/telemetry/{store.Name}"), (check.Check?.Reachable, check.Arrival));
    }

    [Theory]
    [InlineData("nothing of the kind s3cret", "The setting Connections__telemetry is no connection to a storage account: expected a connection string such as")]
    [InlineData("AccountName=shop;AccountKey=czNjcmV0;TableEndpoint=http://example.com/shop", "it allows a connection without TLS")]
    [InlineData("https://shop.table.core.windows.net/?sig=s3cret", "a shared access signature belongs into a connection string")]
    [InlineData("https://shop.table.core.windows.net", "it is a URL, but the app has no identity")]
    public async Task Run_ConnectionThatCannotBeUsed_IsRefusedWithoutItsSecret(string connection, string expected)
    {
        var store = await EntityStore.CreateAsync(medallion);
        var pipeline = await store.PipelineAsync(Incremental, connection);

        var error = await pipeline.UnscannedAsync<TerminalException>("devices");

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("czNjcmV0", error.ToString(), StringComparison.Ordinal);
    }
}
