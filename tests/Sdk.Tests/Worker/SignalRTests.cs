using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Hosting;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;

namespace Pipeline.Sdk.Tests.Worker;

public sealed class SignalRTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 30, TimeSpan.Zero);

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly ManualClock clock = new(Start);
    private readonly Outbox outbox = new();
    private RunningApp? started;

    private RunningApp App => started!;

    public async ValueTask InitializeAsync() => started = await RunningApp.StartAsync(
        [typeof(SignalRFunctions)],
        app => app.Services.AddSingleton(outbox).AddSingleton<TimeProvider>(clock),
        localSettings: """{ "Values": { "Hub": "other" } }""");

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        clock.Dispose();
    }

    [Fact]
    public async Task Output_ToAll_ReachesTheHubsClientsInOrder()
    {
        await using var ann = await ListenAsync("ann");
        await using var bob = await ListenAsync("bob");
        await using var elsewhere = await SignalRListener.StartAsync(Url("anyone"));

        outbox.Messages = [News(new { Number = 1, atUtc = "2026-03-01T00:00:00+01:00" }), News(2)];
        await RunAsync("Send");
        outbox.News = News("other");
        await RunAsync("SendOne");

        foreach (var listener in (SignalRListener[])[ann, bob])
        {
            Assert.Equal("""{"Number":1,"atUtc":"2026-03-01T00:00:00+01:00"}""", await listener.NextAsync());
            Assert.Equal("2", await listener.NextAsync());
        }

        Assert.Equal("\"other\"", await elsewhere.NextAsync());
    }

    [Fact]
    public async Task Output_ToUserConnectionOrGroup_ReachesTheseOnly()
    {
        await using var ann = await ListenAsync("ann");
        await using var annAgain = await ListenAsync("ann");
        await using var bob = await ListenAsync("bob");

        outbox.Messages =
        [
            new("news", ["for ann"]) { UserId = "ann" },
            new("news", ["for one"]) { ConnectionId = annAgain.Id, UserId = "bob" },
            new("news", ["for nobody"]) { GroupName = "ann" },
            News("for all"),
        ];
        await RunAsync("Send");

        Assert.Equal(["\"for ann\"", "\"for all\""], [await ann.NextAsync(), await ann.NextAsync()]);
        Assert.Equal(["\"for ann\"", "\"for one\"", "\"for all\""], [await annAgain.NextAsync(), await annAgain.NextAsync(), await annAgain.NextAsync()]);
        Assert.Equal("\"for all\"", await bob.NextAsync());
    }

    [Fact]
    public async Task Output_PropertiesOfAClass_GoToTheirHubsAndAreNotTheResult()
    {
        await using var live = await ListenAsync("ann");
        await using var other = await SignalRListener.StartAsync(Url("anyone"));

        (outbox.Messages, outbox.News) = ([News("live")], News("other"));
        Assert.Null(await RunAsync("SendBoth"));

        Assert.Equal("\"live\"", await live.NextAsync());
        Assert.Equal("\"other\"", await other.NextAsync());
        Assert.Equal(
            ["Live signalR Out", "Other signalR Out"],
            Function("SendBoth").OutputBindings.Values.Select(b => $"{b.Name} {b.Type} {b.Direction}").Order(StringComparer.Ordinal));
        Assert.Equal("$return signalR Out", Function("Send").OutputBindings.Values.Select(b => $"{b.Name} {b.Type} {b.Direction}").Single());
    }

    [Fact]
    public async Task Output_NullOrNobodyThere_SendsNothing()
    {
        outbox.Messages = null;
        Assert.Null(await RunAsync("Send"));
        outbox.Messages = [];
        Assert.Empty(Assert.IsType<SignalRMessageAction[]>(await RunAsync("Send")));
        outbox.Messages = [News("unheard")];
        Assert.Single(Assert.IsType<SignalRMessageAction[]>(await RunAsync("Send")));
        await RunAsync("SendBoth");
    }

    /// <summary>In Azure the outputs are a part of the invocation (azure-functions-host, WorkerFunctionInvoker): a retry policy then repeats it.</summary>
    [Fact]
    public async Task Output_ThatCannotBeSent_FailsTheInvocation()
    {
        outbox.Messages = [News(typeof(string))];

        await Assert.ThrowsAsync<NotSupportedException>(() => RunAsync("Send"));

        Assert.Contains(App.Log.Entries, entry => entry is { Category: "Function.Send", Exception: NotSupportedException });
    }

    [Fact]
    public async Task Hub_Token_IsAskedForAndHoldsForItsHubOneHour()
    {
        var (live, other) = (await NegotiateAsync("live"), await NegotiateAsync("anyone"));
        Assert.Equal($"{App.Client.BaseAddress}runtime/webhooks/signalr/live", live.Url);

        Assert.Equal(HttpStatusCode.OK, await ConnectAsync(live.Url, live.AccessToken));
        Assert.Equal(HttpStatusCode.OK, await ConnectAsync($"{live.Url}/negotiate?access_token={live.AccessToken}", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await ConnectAsync(live.Url, null));
        Assert.Equal(HttpStatusCode.Unauthorized, await ConnectAsync(live.Url, other.AccessToken));
        Assert.Equal(HttpStatusCode.Unauthorized, await ConnectAsync(live.Url, live.AccessToken[..^2]));
        Assert.Equal(HttpStatusCode.Unauthorized, await ConnectAsync(live.Url, "not a token"));

        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(HttpStatusCode.OK, await ConnectAsync(live.Url, live.AccessToken));
        clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await ConnectAsync(live.Url, live.AccessToken));
    }

    [Fact]
    public async Task Negotiate_WithoutTheUserItAsksFor_Fails()
    {
        using var response = await App.Client.PostAsync(new Uri("/api/live/negotiate", UriKind.Relative), null, cancel);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains(App.Log.Entries, entry => entry.Exception?.Message == "UserId '{headers.x-user}': the request has no headers.x-user.");
    }

    [Fact]
    public async Task Hub_NoFunctionUsesIt_IsNotThere()
    {
        await using var app = await RunningApp.StartAsync([typeof(StartTests.Good)]);
        using var response = await app.Client.PostAsync(new Uri("/runtime/webhooks/signalr/live/negotiate", UriKind.Relative), null, cancel);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData(typeof(NoHub), "HubName is ''")]
    [InlineData(typeof(NotAMessage), "output $return is a String")]
    [InlineData(typeof(OfHttp), "does not offer for httpTrigger")]
    [InlineData(typeof(OfOrchestrator), "does not offer for orchestrationTrigger")]
    public async Task Start_BindingThatCannotWork_IsRefused(Type function, string expected)
    {
        var refusal = await Assert.ThrowsAsync<FunctionsHostException>(() => RunningApp.StartAsync([function], localSettings: """{ "Values": { "AzureWebJobsStorage": "UseDevelopmentStorage=true" } }"""));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    private static SignalRMessageAction News(object what) => new("news", [what]);

    private Uri Url(string route) => new(App.Client.BaseAddress!, $"/api/{route}");

    private Task<SignalRListener> ListenAsync(string user) => SignalRListener.StartAsync(Url("live"), user);

    private DiscoveredFunction Function(string name) => App.Services.GetRequiredService<FunctionCatalog>().Find<TimerTriggerAttribute>(name)!;

    private async Task<object?> RunAsync(string name)
    {
        await using var scope = App.Services.CreateAsyncScope();
        return await App.Services.GetRequiredService<FunctionRunner>().RunAsync(
            new Invocation(Function(name), new TimerInfo(), new Dictionary<string, object?>(), scope.ServiceProvider, cancel));
    }

    private async Task<SignalRConnectionInfo> NegotiateAsync(string route)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/{route}/negotiate") { Headers = { { "x-user", "ann" } } };
        using var response = await App.Client.SendAsync(request, cancel);
        return (await response.Content.ReadFromJsonAsync<SignalRConnectionInfo>(JsonSerializerOptions.Web, cancel))!;
    }

    private async Task<HttpStatusCode> ConnectAsync(string url, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url.Contains('?', StringComparison.Ordinal) ? url : $"{url}/negotiate");
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await App.Client.SendAsync(request, cancel);
        return response.StatusCode;
    }

    public static class NoHub
    {
        [Function("NoHub")]
        [SignalROutput]
        public static SignalRMessageAction Run([TimerTrigger("0 0 * * * *")] TimerInfo timer) => new("news");
    }

    public static class NotAMessage
    {
        [Function("NotAMessage")]
        [SignalROutput(HubName = "live")]
        public static string Run([TimerTrigger("0 0 * * * *")] TimerInfo timer) => "news";
    }

    public static class OfHttp
    {
        [Function("OfHttp")]
        [SignalROutput(HubName = "live")]
        public static SignalRMessageAction Run([HttpTrigger] HttpRequest request) => new(request.Method);
    }

    public static class OfOrchestrator
    {
        [Function("OfOrchestrator")]
        [SignalROutput(HubName = "live")]
        public static SignalRMessageAction Run([OrchestrationTrigger] TaskOrchestrationContext context) => new(context.InstanceId);
    }
}
