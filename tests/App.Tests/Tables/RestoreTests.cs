using System.Globalization;

namespace Pipeline.App.Tests.Tables;

public sealed class RestoreTests(NorthwindApp northwind)
{
    private Api Api => northwind.Api;

    [Fact]
    public async Task RestoreTable_Version_IsANewVersionAndTheNextRunTakesAgainWhatCameSince()
    {
        await northwind.App.DefineAsync("restored");
        await Api.RunAsync("restored");
        await northwind.App.WriteAsync("landing", "restored/more.csv", "id,label\n2,two\n");
        await Api.RunAsync("restored");

        var restored = await Api.PostAsync("tables/silver/restored/items/restore", new { version = 0 });

        Assert.Equal("""{"table":"silver.items","version":2,"restoredVersion":0,"rows":1}""", restored.Text);
        Assert.Equal(1, await RowsAsync("tables/silver/restored/items"));
        Assert.Equal("RESTORE", (await Api.GetAsync("tables/silver/restored/items")).Body.GetProperty("history")[0].GetProperty("operation").GetString());
        Assert.Equal("succeeded", (await Api.RunAsync("restored")).GetProperty("status").GetString());
        var unknown = await Api.PostAsync("tables/silver/restored/items/restore", new { version = 99 });
        Assert.Equal(404, unknown.Status);
        Assert.Contains("has no version 99: versions 0 to 3 are there", unknown.Detail, StringComparison.Ordinal);
        Assert.Equal(2, await RowsAsync("tables/silver/restored/items"));
    }

    [Fact]
    public async Task AsOf_Time_ShowsAndRestoresTheTableAsItWas()
    {
        await northwind.App.DefineAsync("dated");
        await Api.RunAsync("dated");
        var first = (await northwind.App.Storage.GetBlobContainerClient("silver").GetBlobClient("dated/items/_delta_log/00000000000000000000.json").GetPropertiesAsync()).Value.LastModified;
        await northwind.App.WriteAsync("landing", "dated/more.csv", "id,label\n2,two\n");

        // Entries of the log have times in whole seconds here: what comes in the same second counts as a millisecond later.
        await Api.RunAsync("dated");
        var time = first.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);

        Assert.Equal(1, await RowsAsync($"tables/silver/dated/items?asOf={time}Z"));
        Assert.Equal(1, await RowsAsync($"tables/silver/dated/items?asOf={time}"));
        Assert.Equal(1, (await Api.GetAsync($"tables/silver/dated/items/preview?asOf={first.AddHours(2).ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)}%2B02:00")).Body.GetProperty("rows").GetArrayLength());
        Assert.Equal(2, await RowsAsync("tables/silver/dated/items?asOf=2999-01-01"));
        var restored = await Api.PostAsync("tables/silver/dated/items/restore", new { timestamp = first });
        Assert.Equal((200, 0L), (restored.Status, restored.Body.GetProperty("restoredVersion").GetInt64()));
    }

    [Fact]
    public async Task RestoreTable_RunGoesOn_IsRefusedNamingIt()
    {
        const string Heavy = "select count(*) as n from range(5000) as a(x), range(5000) as b(y), silver.items where (x * y) % 7 = 3";
        await northwind.App.DefineAsync("occupied", models: ("gold/heavy", Heavy));
        var id = await Api.StartAsync("occupied");

        var answer = await Api.PostAsync("tables/silver/occupied/items/restore", new { version = 0 });

        Assert.Equal((409, id), (answer.Status, answer.Body.GetProperty("runId").GetString()));
        await Api.PostAsync($"runs/{id}/terminate");
    }

    private async Task<long> RowsAsync(string path) => (await Api.GetAsync(path)).Body.GetProperty("summary").GetProperty("rows").GetInt64();
}
