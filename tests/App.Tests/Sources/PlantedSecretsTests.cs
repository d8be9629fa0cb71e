using System.Globalization;
using System.Text;
using Azure.Data.Tables;
using Pipeline.App.Tests.Webhooks;

namespace Pipeline.App.Tests.Sources;

/// <summary>Sources whose servers refuse what the app shows them, or are down: nothing that the app writes or answers has what it showed.</summary>
public sealed class PlantedSecretsTests(NorthwindApp northwind)
{
    private const string Name = "planted";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private Api Api => northwind.Api;

    [Fact]
    public async Task SourcesThatAreRefused_RunCheckPlanAndLineage_HaveNoSecretAnywhere()
    {
        await using var server = new RefusingServer();
        await northwind.App.WriteAsync("pipelines", $"{Name}/pipeline.yaml", $$$"""
            name: {{{Name}}}
            sources:
              bearer: {connector: rest, connection: planted_bearer, load: full, rest: {path: orders}}
              apikey: {connector: rest, connection: planted_apikey, load: full, rest: {path: orders}}
              oauth: {connector: rest, connection: planted_oauth, load: full, rest: {path: orders}}
              basic: {connector: file, connection: planted_basic, path: "{{{RefusingServer.Url}}}/orders.csv"}
              entities: {connector: table, connection: planted_table, table: Orders}
              storage: {connector: file, connection: planted_storage, path: "{{{RefusingServer.Url}}}/shop/export/*.csv"}
              down: {connector: rest, connection: planted_down, load: full, rest: {path: orders}}
              database: {connector: sql, connection: planted_sql, table: orders, load: full}
              payments: {connector: webhook, connection: hooks, columns: {payment: {type: varchar} } }
            """);
        string[] refused = ["apikey", "basic", "bearer", "entities", "oauth", "storage"];
        var run = await Api.RunAsync(Name, new { select = refused.Select(s => $"bronze.{s}") });
        var id = run.GetProperty("id").GetString();
        string[] answers =
        [
            run.GetRawText(),
            (await Api.SendAsync("POST", $"webhooks/{Name}/payments", "{}", SignedDelivery.Headers("m1", "{ }"))).Text,
            (await Api.GetAsync($"sources?pipeline={Name}&check=true")).Text,
            (await Api.GetAsync($"runs/{id}/lineage")).Text,
            (await Api.GetAsync($"pipelines/{Name}")).Text,
            (await Api.GetAsync("events?limit=1000")).Text,
            (await Api.GetAsync("audit?what=secret.use&limit=1000")).Text,
        ];
        var log = await northwind.App.LogAsync(id!);
        var tables = await TablesAsync();

        // Each was shown where it belongs, refused there, and the reason is told.
        Assert.Equal("failed", run.GetProperty("status").GetString());
        Assert.Equal(refused, run.GetProperty("steps").EnumerateArray().Where(s => s.GetProperty("status").GetString() == "failed").Select(s => s.GetProperty("name").GetString()!["bronze.".Length..]).Order());
        Assert.Contains("***", answers[0], StringComparison.Ordinal);
        var told = string.Join('\n', server.Told);
        Assert.All(RefusingServer.Secrets.Where((_, i) => i is not (4 or 5 or 7 or 8)), secret => Assert.Contains(secret, told, StringComparison.Ordinal));
        Assert.Contains(Basic, told, StringComparison.Ordinal);
        Assert.Equal(8, Regex(answers[2], "\"reachable\":false"));
        Assert.Contains(Name, tables, StringComparison.Ordinal);
        foreach (var (place, text) in new[] { ("an answer", string.Join('\n', answers)), ("the log", log), ("a table", tables) })
        {
            foreach (var secret in RefusingServer.Secrets.Append(Basic).Append(SignedDelivery.Secret))
            {
                Assert.False(text.Contains(secret, StringComparison.Ordinal), $"{place} has the secret {secret}");
            }
        }
    }

    // What HTTP makes of user and password.
    private static string Basic => Convert.ToBase64String(Encoding.UTF8.GetBytes($"app:{RefusingServer.Secrets[4]}"));

    private static int Regex(string text, string pattern) => System.Text.RegularExpressions.Regex.Count(text, pattern);

    private async Task<string> TablesAsync()
    {
        var text = new StringBuilder();
        await foreach (var table in northwind.App.Tables.QueryAsync(cancellationToken: Cancelled))
        {
            await foreach (var entity in northwind.App.Tables.GetTableClient(table.Name).QueryAsync<TableEntity>(cancellationToken: Cancelled))
            {
                text.AppendLine(string.Join('|', entity.Keys.Select(k => entity[k] is byte[] bytes ? Encoding.UTF8.GetString(bytes) : Convert.ToString(entity[k], CultureInfo.InvariantCulture))));
            }
        }

        return text.ToString();
    }
}
