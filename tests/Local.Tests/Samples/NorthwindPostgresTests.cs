using System.Text.Json;
using Npgsql;
using Pipeline.Local.Samples;
using Pipeline.Testing;

namespace Pipeline.Local.Tests.Samples;

/// <summary>The shipped pipeline with the real app and a real PostgreSQL, from which it reads and to which it serves.</summary>
public sealed class NorthwindPostgresTests(RealApp app, AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = app.NewShell(azurite, sameState: true);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Run_NorthwindPostgres_HasTheRevenueOfNorthwindAndServesItBack()
    {
        var first = await RunAsync();

        Assert.Equal("1265793.0395", first.GetProperty("metrics").GetProperty("total_revenue").GetRawText());
        Assert.Equal(["serve.revenue_by_country succeeded 21", "serve.revenue_by_supplier succeeded 29"], Serving(first));

        // What a run started has ended with it.
        var settings = new Settings { AppPort = shell.AppPort, StoragePort = shell.StoragePort, BrokerPort = shell.BrokerPort, PostgresPort = shell.PostgresPort, StateFolder = app.Folder, AppFile = Places.RealApp };
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => QueryAsync(settings, "select 1"));
        await using var database = await NorthwindDatabase.StartAsync(settings, Screen.Of(TextWriter.Null, TextWriter.Null, forProgram: true), Cancelled);
        Assert.Equal(["Austria|128003.8385|40|2", "Belgium|33824.8550|19|2"], await QueryAsync(settings, "select concat_ws('|', country, revenue, orders, customers) from mart.revenue_by_country where country in ('Austria', 'Belgium') order by country"));
        Assert.Equal(["1265793.0395"], await QueryAsync(settings, "select sum(revenue)::text from mart.revenue_by_supplier"));

        await QueryAsync(settings, "update order_details set quantity = quantity + 1 where order_id = 10248 and product_id = 11 returning quantity::text");
        var second = await RunAsync();
        var third = await RunAsync();

        Assert.Equal("1265807.0395", second.GetProperty("metrics").GetProperty("total_revenue").GetRawText());
        Assert.Equal(["serve.revenue_by_country succeeded 1", "serve.revenue_by_supplier succeeded 29"], Serving(second));
        Assert.Equal(["1265807.0395"], await QueryAsync(settings, "select sum(revenue)::text from mart.revenue_by_country"));
        Assert.All(third.GetProperty("steps").EnumerateArray(), step => Assert.Equal("unchanged", step.GetProperty("status").GetString()));
        Assert.DoesNotContain(await File.ReadAllTextAsync(Path.Combine(settings.PostgresFolder, "password"), Cancelled), first.GetRawText() + app.Launcher.Output + await File.ReadAllTextAsync(settings.AppLog, Cancelled), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Serving(JsonElement run) => run.GetProperty("steps").EnumerateArray().Where(s => s.GetProperty("kind").GetString() == "serve")
        .Select(s => $"{s.GetProperty("name")} {s.GetProperty("status")} {s.GetProperty("rowsOut")}").Order(StringComparer.Ordinal);

    private static async Task<List<string>> QueryAsync(Settings settings, string sql)
    {
        await using var connection = new NpgsqlConnection($"{NorthwindDatabase.ConnectionStringOf(settings)};Pooling=false");
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Cancelled);
        var rows = new List<string>();
        while (await reader.ReadAsync(Cancelled))
        {
            rows.Add(reader.GetValue(0).ToString() ?? "");
        }

        return rows;
    }

    private async Task<JsonElement> RunAsync()
    {
        var (exitCode, output, error) = await shell.RunAsync("run", NorthwindDatabase.Pipeline, "--json");
        Assert.True(exitCode == 0, output + error);
        return JsonDocument.Parse(output).RootElement;
    }
}
