using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Pipeline.Sdk.Tests.Worker;

public sealed class AppProcessTests
{
    private const string LocalSettings = """
        {
          // comments are allowed, as in the Core Tools
          "IsEncrypted": false,
          "Values": { "FROM_FILE": "file", "FROM_BOTH": "file", "Section__Key": "7", "Flag": true },
        }
        """;

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task LocalSettings_Values_AreEnvironmentVariablesUnlessSetAlready()
    {
        await using var app = new AppProcess(port: 0, LocalSettings, new() { ["FROM_BOTH"] = "environment" });
        using var client = new HttpClient { BaseAddress = await app.ListeningAsync() };

        async Task ExpectAsync(string name, string expected)
        {
            var setting = await client.GetFromJsonAsync<JsonElement>($"/api/settings/{name}", cancel);
            Assert.Equal(expected, setting.GetProperty("environment").GetString());
            Assert.Equal(expected, setting.GetProperty("configuration").GetString());
        }

        await ExpectAsync("FROM_FILE", "file");
        await ExpectAsync("FROM_BOTH", "environment");
        await ExpectAsync("Section__Key", "7");
        await ExpectAsync("Flag", "true");
        Assert.Contains($"GetSetting: [GET] {client.BaseAddress}api/settings/{{name}}", app.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sigterm_WhileARequestWaits_EndsTheProcessWithinSeconds()
    {
        await using var app = new AppProcess(port: 0);
        using var client = new HttpClient { BaseAddress = await app.ListeningAsync() };
        using var answer = await client.GetAsync(new Uri("/api/Wait", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);

        await app.TerminateAsync();

        Assert.Equal(0, await app.ExitCodeAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Start_PortTaken_SaysSoAndExitsWithOne()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var app = new AppProcess(port);

        Assert.Equal(1, await app.ExitCodeAsync(TimeSpan.FromSeconds(20)));
        Assert.Contains($"Port {port} is unavailable", app.Error, StringComparison.Ordinal);
        Assert.Contains("--port", app.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", app.Error, StringComparison.Ordinal);
    }
}
