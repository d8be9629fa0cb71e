using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Pipeline.Sdk.Tests.Worker;

public sealed class HttpTriggersTests : IAsyncLifetime
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private RunningApp? started;

    private RunningApp App => started!;

    public async ValueTask InitializeAsync() => started = await RunningApp.StartAsync(
        [typeof(HttpFunctions)], app => app.Services.AddScoped<PerScope>().AddSingleton<WaitSignal>());

    public ValueTask DisposeAsync() => App.DisposeAsync();

    [Theory]
    [InlineData("GET", "/api/Hello", 200)]
    [InlineData("GET", "/api/hello", 200)]
    [InlineData("GET", "/Hello", 404)]
    [InlineData("POST", "/api/Hello", 404)]
    [InlineData("HEAD", "/api/Hello", 404)]
    [InlineData("GET", "/api/runs/abc", 404)]
    [InlineData("GET", "/api/things/not-a-guid", 500)]
    [InlineData("GET", "/admin/host/status", 200)]
    public async Task Request_RouteAndMethod_AnswersAsTheFunctionsHostDoes(string method, string path, int expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await App.Client.SendAsync(request, cancel);
        Assert.Equal(expected, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/api/runs/5/log?limit=3", """{"method":"GET","id":5,"part":"log","limit":3}""")]
    [InlineData("POST", "/api/runs/5", """{"method":"POST","id":5,"part":null,"limit":7}""")]
    public async Task Parameters_RouteAndQuery_AreBoundByName(string method, string path, string expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await App.Client.SendAsync(request, cancel);
        Assert.Equal(expected, await response.Content.ReadAsStringAsync(cancel));
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Parameters_Guid_IsBound()
    {
        var id = Guid.NewGuid();
        Assert.Equal($"GET {id:N}", await App.Client.GetStringAsync(new Uri($"/api/things/{id}", UriKind.Relative), cancel));
    }

    [Fact]
    public async Task FromBody_Json_IsBound()
    {
        using var response = await App.Client.PostAsJsonAsync("/api/orders", new Order(3, "ALFKI"), cancel);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        Assert.Equal(new Order(3, "ALFKI"), await response.Content.ReadFromJsonAsync<Order>(cancel));
    }

    [Fact]
    public async Task Result_IResult_IsExecuted()
    {
        using var response = await App.Client.GetAsync(new Uri("/api/Typed?why", UriKind.Relative), cancel);
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("?why", (await response.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Result_String_IsDroppedWithAWarning()
    {
        using var response = await App.Client.GetAsync(new Uri("/api/Text", UriKind.Relative), cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsStringAsync(cancel));
        Assert.Contains(App.Log.Entries, entry => entry.Level == LogLevel.Warning && entry.Message.Contains("IActionResult", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Exception_Unhandled_Is500WithoutDetailsAndLogged()
    {
        using var response = await App.Client.GetAsync(new Uri("/api/Throw", UriKind.Relative), cancel);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsStringAsync(cancel));
        var error = Assert.Single(App.Log.Entries, entry => entry.Level == LogLevel.Error);
        Assert.Equal("Function.Throw", error.Category);
        Assert.Equal("secret /api/Throw", error.Exception?.Message);
    }

    [Fact]
    public async Task Scope_EveryInvocation_HasItsOwn()
    {
        var first = await App.Client.GetFromJsonAsync<JsonElement>("/api/Scope", cancel);
        var second = await App.Client.GetFromJsonAsync<JsonElement>("/api/Scope", cancel);
        Assert.True(first.GetProperty("sameScope").GetBoolean());
        Assert.NotEqual(first.GetProperty("id").GetGuid(), second.GetProperty("id").GetGuid());
        Assert.NotEqual(first.GetProperty("invocationId").GetString(), second.GetProperty("invocationId").GetString());
        Assert.Contains(App.Log.Entries, entry => entry is { Category: "Mine", Message: "In Scope" });
    }

    [Fact]
    public async Task Stop_WhileAFunctionWaits_CancelsIt()
    {
        var answer = App.Client.GetAsync(new Uri("/api/Wait", UriKind.Relative), cancel);
        Assert.True(await App.Services.GetRequiredService<WaitSignal>().Entered.Task.WaitAsync(TimeSpan.FromSeconds(10), cancel));

        await App.StopAsync().WaitAsync(TimeSpan.FromSeconds(5), cancel);

        Assert.Contains(App.Log.Entries, entry => entry.Category == "Function.Wait" && entry.Exception is OperationCanceledException);
        using var response = await answer;
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
    }
}
