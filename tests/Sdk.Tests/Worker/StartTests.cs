using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Hosting;
using Microsoft.DurableTask;

namespace Pipeline.Sdk.Tests.Worker;

public sealed class StartTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{ "extensions": { "http": { "routePrefix": "v1/data" } } }""", "/v1/data/Good")]
    [InlineData("""{ "extensions": { "http": { "routePrefix": "" } } }""", "/Good")]
    [InlineData("{}", "/api/Good")]
    public async Task RoutePrefix_FromHostJson_IsTheBeginningOfEveryRoute(string hostJson, string path)
    {
        await using var app = await RunningApp.StartAsync([typeof(Good)], hostJson: hostJson);
        Assert.Equal("good", await app.Client.GetStringAsync(new Uri(path, UriKind.Relative), cancel));
    }

    [Fact]
    public async Task HostJson_SettingOfTheJobHost_Wins()
    {
        await using var app = await RunningApp.StartAsync(
            [typeof(Good)],
            hostJson: """{ "extensions": { "http": { "routePrefix": "file" } } }""",
            localSettings: """{ "Values": { "AzureFunctionsJobHost__extensions__http__routePrefix": "setting" } }""");
        Assert.Equal("good", await app.Client.GetStringAsync(new Uri("/setting/Good", UriKind.Relative), cancel));
    }

    [Theory]
    [InlineData(typeof(TwoTriggers), "2 triggers")]
    [InlineData(typeof(NoTrigger), "0 triggers")]
    [InlineData(typeof(BadName), "begins with a letter")]
    [InlineData(typeof(SameName), "another function has this name")]
    [InlineData(typeof(WrongParameter), "'request' is a String")]
    [InlineData(typeof(BadRoute), "'api/{oops' is not valid")]
    [InlineData(typeof(BadSchedule), "'every day' is neither")]
    [InlineData(typeof(MissingSetting), "'%Missing%' does not resolve")]
    [InlineData(typeof(RetriedHttp), "retry policy")]
    [InlineData(typeof(Orchestrator), "AzureWebJobsStorage is not set")]
    [InlineData(typeof(ReturnsValueTask), "Return a Task")]
    public async Task Start_FunctionThatCannotWork_IsRefused(Type function, string expected)
    {
        var refusal = await Assert.ThrowsAsync<FunctionsHostException>(() => RunningApp.StartAsync([function]));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ \"Values\": { \"A\": {} } }", "{}", "value of A is Object")]
    [InlineData("{ \"IsEncrypted\": true }", "{}", "func settings decrypt")]
    [InlineData("{ Values }", "{}", "local.settings.json is not JSON")]
    [InlineData("{}", "{ \"a\": ", "host.json cannot be read")]
    public async Task Start_UnreadableSettings_AreRefused(string localSettings, string hostJson, string expected)
    {
        var refusal = await Assert.ThrowsAsync<FunctionsHostException>(() => RunningApp.StartAsync([typeof(Good)], hostJson: hostJson, localSettings: localSettings));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", null, 7071)]
    [InlineData("", 8080, 8080)]
    [InlineData("--port 9090", 8080, 9090)]
    [InlineData("-p 9090", null, 9090)]
    public void Port_ArgumentThenLocalSettings_Wins(string arguments, int? local, int expected) =>
        Assert.Equal(expected, FunctionsEndpoint.Port(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), local));

    [Theory]
    [InlineData("abc")]
    [InlineData("-1")]
    [InlineData("65536")]
    public void Port_NotAPort_IsRefused(string argument) =>
        Assert.Contains($"'{argument}' is not a port", Assert.Throws<FunctionsHostException>(() => FunctionsEndpoint.Port(["--port", argument], null)).Message, StringComparison.Ordinal);

    public static class Good
    {
        [Function("Good")]
        public static IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
            new ContentResult { Content = request.Method == "GET" ? "good" : "" };
    }

    public static class TwoTriggers
    {
        [Function("Two")]
        public static void Run([TimerTrigger("0 0 * * * *")] TimerInfo timer, [ActivityTrigger] string input)
        {
        }
    }

    public static class NoTrigger
    {
        [Function("None")]
        public static void Run(FunctionContext context)
        {
        }
    }

    public static class BadName
    {
        [Function("1 bad")]
        public static void Run([TimerTrigger("0 0 * * * *")] TimerInfo timer)
        {
        }
    }

    public static class SameName
    {
        [Function("Same")]
        public static void Run([TimerTrigger("0 0 * * * *")] TimerInfo timer)
        {
        }

        [Function("same")]
        public static void Again([TimerTrigger("0 0 * * * *")] TimerInfo timer)
        {
        }
    }

    public static class WrongParameter
    {
        [Function("Wrong")]
        public static IActionResult Run([HttpTrigger] string request) => new OkObjectResult(request);
    }

    public static class BadRoute
    {
        [Function("Route")]
        public static IActionResult Run([HttpTrigger(Route = "{oops")] HttpRequest request) => new OkObjectResult(request.Path);
    }

    public static class BadSchedule
    {
        [Function("Schedule")]
        public static void Run([TimerTrigger("every day")] TimerInfo timer)
        {
        }
    }

    public static class MissingSetting
    {
        [Function("Setting")]
        public static void Run([TimerTrigger("%Missing%")] TimerInfo timer)
        {
        }
    }

    public static class RetriedHttp
    {
        [Function("Retried")]
        [FixedDelayRetry(3, "00:00:01")]
        public static IActionResult Run([HttpTrigger] HttpRequest request) => new OkObjectResult(request.Path);
    }

    public static class Orchestrator
    {
        [Function("Orchestrator")]
        public static string Run([OrchestrationTrigger] TaskOrchestrationContext context) => context.InstanceId;
    }

    public static class ReturnsValueTask
    {
        [Function("ValueTask")]
        public static ValueTask Run([TimerTrigger("0 0 * * * *")] TimerInfo timer) => ValueTask.CompletedTask;
    }
}
