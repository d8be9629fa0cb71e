using System.Text.Json;
using Azure.Messaging.EventHubs;
using Confluent.Kafka;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Hosting;
using Pipeline.Local.Kafka;

namespace Pipeline.Sdk.Tests.Worker.EventHubs;

/// <summary>What the host refuses to start with, and what it starts without.</summary>
public sealed class EventHubStartTests
{
    private const string Secret = "c2VjcmV0LXNlY3JldA==";
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(typeof(Good), null, "the setting EventHub is not set. Set it in local.settings.json or the environment to the connection string of the event hubs, or set AzureWebJobs.Good.Disabled to true")]
    [InlineData(typeof(NoConnection), null, "has no Connection")]
    [InlineData(typeof(MissingHub), "BootstrapServers=127.0.0.1:1", "'%Missing%' does not resolve")]
    [InlineData(typeof(SingleEvent), null, "'events' is a EventData, but its binding gives a EventData[]")]
    [InlineData(typeof(NotBatched), null, "IsBatched = false")]
    [InlineData(typeof(Good), "127.0.0.1:9092", "has a part without a name")]
    [InlineData(typeof(Good), "Servers=127.0.0.1:9092", "has the part 'Servers', which is not known")]
    [InlineData(typeof(Good), "SharedAccessKeyName=root;SharedAccessKey=" + Secret, "neither a valid Endpoint nor BootstrapServers")]
    [InlineData(typeof(Good), "Endpoint=sb://hubs.servicebus.windows.net/;SharedAccessKey=" + Secret, "has no SharedAccessKeyName")]
    [InlineData(typeof(Good), "BootstrapServers=h:1;SecurityProtocol=tls;SaslPassword=" + Secret, "SecurityProtocol is 'tls': expected one of Plaintext, Ssl, SaslPlaintext, SaslSsl")]
    [InlineData(typeof(Good), "BootstrapServers=h:1;SessionTimeoutMs=long", "SessionTimeoutMs is 'long'")]
    public async Task Start_FunctionOrConnectionThatCannotWork_IsRefused(Type function, string? connection, string expected)
    {
        var local = JsonSerializer.Serialize(new { Values = connection is null ? [] : new Dictionary<string, string> { ["EventHub"] = connection } });
        var refusal = await Assert.ThrowsAsync<FunctionsHostException>(() => RunningApp.StartAsync([function], localSettings: local));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"maxEventBatchSize\": 0", "extensions.eventHubs.maxEventBatchSize is '0': expected a whole number from 1")]
    [InlineData("\"minEventBatchSize\": 101", "minEventBatchSize is 101, more than maxEventBatchSize, which is 100")]
    [InlineData("\"maxWaitTime\": \"soon\"", "maxWaitTime is 'soon'")]
    [InlineData("\"initialOffsetOptions\": { \"type\": \"fromEnqueuedTime\" }", "offers fromStart and fromEnd")]
    public async Task Start_BatchSettingThatCannotWork_IsRefused(string setting, string expected)
    {
        var refusal = await Assert.ThrowsAsync<FunctionsHostException>(
            () => RunningApp.StartAsync([typeof(Good)], hostJson: $$"""{ "extensions": { "eventHubs": { {{setting}} } } }"""));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_DisabledFunctions_AreLeftOut()
    {
        await using var app = await RunningApp.StartAsync(
            [typeof(Good), typeof(Http)], localSettings: """{ "Values": { "AzureWebJobs.Good.Disabled": "true", "AzureWebJobs.Http.Disabled": true } }""");

        using var answer = await app.Client.GetAsync(new Uri("/api/Http", UriKind.Relative), cancel);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains(app.Log.Entries, entry => entry.Message.Contains("Good: disabled by the setting AzureWebJobs.Good.Disabled", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Endpoint=sb://hubs.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey=" + Secret, "hubs.servicebus.windows.net", "hubs.servicebus.windows.net:9093", SecurityProtocol.SaslSsl)]
    [InlineData("Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;", "localhost", "localhost:9092", SecurityProtocol.SaslPlaintext)]
    public void Parse_EventHubs_IsSaslPlainWithTheWholeString(string text, string host, string servers, SecurityProtocol protocol)
    {
        var connection = BrokerConnection.Parse(text, "test");
        Assert.Equal((host, servers, protocol), (connection.Namespace, connection.Client.BootstrapServers, connection.Client.SecurityProtocol));
        Assert.Equal((SaslMechanism.Plain, "$ConnectionString", text), (connection.Client.SaslMechanism, connection.Client.SaslUsername, connection.Client.SaslPassword));
    }

    [Fact]
    public void Parse_Kafka_IsPlainUnlessItSaysOtherwise()
    {
        var plain = BrokerConnection.Parse("BootstrapServers=127.0.0.1:9092,other:9092", "test");
        Assert.Equal(("127.0.0.1", "127.0.0.1:9092,other:9092", SecurityProtocol.Plaintext), (plain.Namespace, plain.Client.BootstrapServers, plain.Client.SecurityProtocol));
        Assert.Null(plain.Client.SaslMechanism);
        Assert.Equal(TimeSpan.FromSeconds(6), plain.SessionTimeout);

        var secured = BrokerConnection.Parse($"bootstrapServers=h:9093; SecurityProtocol=SaslSsl;SaslMechanism=Plain;SaslUsername=me;SaslPassword={Secret};SessionTimeoutMs=9000", "test");
        Assert.Equal((SecurityProtocol.SaslSsl, SaslMechanism.Plain, "me", Secret), (secured.Client.SecurityProtocol, secured.Client.SaslMechanism, secured.Client.SaslUsername, secured.Client.SaslPassword));
        Assert.Equal(TimeSpan.FromSeconds(9), secured.SessionTimeout);
    }

    public static class Good
    {
        [Function("Good")]
        public static void Run([EventHubTrigger("events", Connection = "EventHub")] EventData[] events)
        {
        }
    }

    public static class NoConnection
    {
        [Function("NoConnection")]
        public static void Run([EventHubTrigger("events")] EventData[] events)
        {
        }
    }

    public static class MissingHub
    {
        [Function("MissingHub")]
        public static void Run([EventHubTrigger("%Missing%", Connection = "EventHub")] EventData[] events)
        {
        }
    }

    public static class SingleEvent
    {
        [Function("SingleEvent")]
        public static void Run([EventHubTrigger("events", Connection = "EventHub")] EventData events)
        {
        }
    }

    public static class NotBatched
    {
        [Function("NotBatched")]
        public static void Run([EventHubTrigger("events", Connection = "EventHub", IsBatched = false)] EventData events)
        {
        }
    }

    public static class Http
    {
        [Function("Http")]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => new OkObjectResult(request.Path);
    }
}
