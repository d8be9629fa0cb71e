using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Tests.Sources.Rest;

namespace Pipeline.Medallion.Tests.Sources.Entities;

/// <summary>A table of its own in the emulator, and pipelines that read it as the connection <c>telemetry</c>.</summary>
internal sealed class EntityStore
{
    private static int count;
    private readonly MedallionFixture medallion;

    private EntityStore(MedallionFixture medallion, string name)
    {
        (this.medallion, Name) = (medallion, name);
        Table = new TableClient(medallion.ConnectionString, name);
    }

    public string Name { get; }

    public TableClient Table { get; }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<EntityStore> CreateAsync(MedallionFixture medallion)
    {
        var store = new EntityStore(medallion, $"Devices{Interlocked.Increment(ref count)}");
        await store.Table.CreateAsync(Cancelled);
        return store;
    }

    /// <summary>An instance of the app that knows the connection.</summary>
    public IServiceProvider Compose(string? connection = null) => medallion.Compose(TimeProvider.System, services =>
    {
        services.AddSingleton(new Connections([KeyValuePair.Create<string, string?>("telemetry", connection ?? medallion.ConnectionString)]));
        services.AddSingleton(RestShop.Quick with { BatchBytes = 5_000 });
    });

    /// <summary>A pipeline whose source <c>devices</c> has these keys.</summary>
    public async Task<TestPipeline> PipelineAsync(string keys, string? connection = null, string more = "") =>
        (await TestPipeline.CreateAsync(medallion, $"sources:\n  devices: {{connector: table, connection: telemetry, {keys.Replace("%", Name, StringComparison.Ordinal)}}}{more}")).On(Compose(connection));

    public Task PutAsync(string partition, string row, params (string Name, object Value)[] values)
    {
        var entity = new TableEntity(partition, row);
        foreach (var (name, value) in values)
        {
            entity[name] = value;
        }

        return Table.UpsertEntityAsync(entity, TableUpdateMode.Replace, Cancelled);
    }

    /// <summary>Puts an entity as other clients than the SDK may write it, which has no number that is none.</summary>
    public async Task PutAsync(string json)
    {
        using var client = new HttpClient();
        using var message = new HttpRequestMessage(HttpMethod.Post, Table.Uri) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        var date = DateTimeOffset.UtcNow.ToString("R", CultureInfo.InvariantCulture);
        var settings = medallion.ConnectionString.Split(';').Where(s => s.Length > 0).ToDictionary(s => s.Split('=', 2)[0], s => s.Split('=', 2)[1]);
        var signature = HMACSHA256.HashData(Convert.FromBase64String(settings["AccountKey"]), Encoding.UTF8.GetBytes($"{date}\n/{settings["AccountName"]}{Table.Uri.AbsolutePath}"));
        message.Headers.Add("x-ms-date", date);
        message.Headers.Add("x-ms-version", "2020-12-06");
        message.Headers.Add("DataServiceVersion", "3.0");
        message.Headers.Accept.ParseAdd("application/json;odata=nometadata");
        message.Headers.TryAddWithoutValidation("Authorization", $"SharedKeyLite {settings["AccountName"]}:{Convert.ToBase64String(signature)}");
        using var answer = await client.SendAsync(message, Cancelled);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancelled));
    }

    /// <summary>Waits until what the service writes has a Timestamp that is a second later than what it wrote.</summary>
    public async Task<DateTimeOffset> SecondAsync()
    {
        var clock = new TableClient(medallion.ConnectionString, $"Clock{Interlocked.Increment(ref count)}");
        await clock.CreateAsync(Cancelled);
        DateTimeOffset? first = null;
        while (true)
        {
            await clock.UpsertEntityAsync(new TableEntity("c", "c"), cancellationToken: Cancelled);
            var now = (await clock.GetEntityAsync<TableEntity>("c", "c", cancellationToken: Cancelled)).Value.Timestamp ?? default;
            first ??= now;
            if (now >= first.Value.AddSeconds(2))
            {
                return now;
            }

            await Task.Delay(50, Cancelled);
        }
    }
}
