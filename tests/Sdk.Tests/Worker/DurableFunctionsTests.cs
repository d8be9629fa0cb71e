using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Hosting;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Worker;

public sealed class DurableFunctionsTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;
    private readonly Trace trace = new();
    private readonly string hub = $"worker{Guid.NewGuid():N}"[..20];

    [Fact]
    public async Task Orchestration_StartedOverHttp_RunsItsActivitiesAndReportsOverItsUrls()
    {
        await using var app = await StartAsync();

        using var started = await app.Client.PostAsync(new Uri("/api/sums/20", UriKind.Relative), null, cancel);
        Assert.Equal(HttpStatusCode.Accepted, started.StatusCode);
        var urls = await started.Content.ReadFromJsonAsync<JsonElement>(cancel);
        var id = urls.GetProperty("id").GetString()!;
        var instance = await CompletedAsync(app, id);

        Assert.Equal(OrchestrationRuntimeStatus.Completed, instance.RuntimeStatus);
        Assert.Equal(new SumReport(2870, "POST"), instance.ReadOutputAs<SumReport>());
        Assert.Equal(20, trace.Scopes.Distinct().Count());

        var status = await app.Client.GetFromJsonAsync<JsonElement>(urls.GetProperty("statusQueryGetUri").GetString(), cancel);
        Assert.Equal("Completed", status.GetProperty("runtimeStatus").GetString());
        Assert.Equal(2870, status.GetProperty("output").GetProperty("Total").GetInt32());

        var purge = new Uri(urls.GetProperty("purgeHistoryDeleteUri").GetString()!);
        using var purged = await app.Client.DeleteAsync(purge, cancel);
        Assert.Equal(HttpStatusCode.OK, purged.StatusCode);
        using var gone = await app.Client.GetAsync(purge, cancel);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task Middleware_Orchestrator_RunsOnEveryReplayAndOnceForEachActivity()
    {
        await using var app = await StartAsync(builder => builder.UseMiddleware((context, next) =>
        {
            trace.Invocations.AddOrUpdate(context.FunctionDefinition.InputBindings.Values.First().Type, 1, (_, count) => count + 1);
            return next();
        }));

        var id = await Client(app).ScheduleNewOrchestrationInstanceAsync("Sum", new SumRequest(3), cancel);
        await CompletedAsync(app, id);

        Assert.Equal(3, trace.Invocations["activityTrigger"]);
        Assert.True(trace.Invocations["orchestrationTrigger"] >= 2, "The orchestrator was not replayed through the middleware.");
    }

    [Fact]
    public async Task Middleware_AwaitsInAnOrchestration_FailsTheInstance()
    {
        await using var app = await StartAsync(builder => builder.UseMiddleware(async (context, next) =>
        {
            await Task.Delay(5, context.CancellationToken);
            await next();
        }));

        var id = await Client(app).ScheduleNewOrchestrationInstanceAsync("Sum", new SumRequest(1), cancel);
        var instance = await CompletedAsync(app, id);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, instance.RuntimeStatus);
        Assert.Contains("asynchronous", instance.FailureDetails?.ErrorMessage, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Activity_Throws_OrchestratorSeesTypeAndMessage()
    {
        await using var app = await StartAsync();
        var id = await Client(app).ScheduleNewOrchestrationInstanceAsync("RunFailing", "as asked", cancel);
        var instance = await CompletedAsync(app, id);
        Assert.Equal("System.InvalidOperationException: as asked", instance.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Webhooks_RaiseEventAndTerminate_SteerTheInstance()
    {
        await using var app = await StartAsync();
        var named = await Client(app).ScheduleNewOrchestrationInstanceAsync("WaitForName", cancel);
        var ended = await Client(app).ScheduleNewOrchestrationInstanceAsync("WaitForName", cancel);

        using var raised = await app.Client.PostAsJsonAsync($"{DurableWebhooks.Path}/{named}/raiseEvent/name", "world", cancel);
        using var terminated = await app.Client.PostAsync(new Uri($"{DurableWebhooks.Path}/{ended}/terminate?reason=enough", UriKind.Relative), null, cancel);
        using var unknown = await app.Client.PostAsync(new Uri($"{DurableWebhooks.Path}/unknown/terminate", UriKind.Relative), null, cancel);

        Assert.Equal(HttpStatusCode.Accepted, raised.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, terminated.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("hello world", (await CompletedAsync(app, named)).ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await CompletedAsync(app, ended)).RuntimeStatus);
    }

    [Fact]
    public async Task Stop_WhileAnActivityRuns_TheNextHostCompletesTheInstance()
    {
        string id;
        await using (var first = await StartAsync())
        {
            id = await Client(first).ScheduleNewOrchestrationInstanceAsync("RunBlocked", cancel);
            await trace.Blocked.Task.WaitAsync(Deadline, cancel);
        }

        await using var second = await StartAsync();
        Assert.Equal("done", (await CompletedAsync(second, id)).ReadOutputAs<string>());
    }

    private static DurableTaskClient Client(RunningApp app) => app.Services.GetRequiredService<DurableFunctions>().Client;

    private Task<OrchestrationMetadata> CompletedAsync(RunningApp app, string id) =>
        Client(app).WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, cancel).WaitAsync(Deadline, cancel);

    private Task<RunningApp> StartAsync(Action<FunctionsApplicationBuilder>? configure = null) => RunningApp.StartAsync(
        [typeof(DurableSampleFunctions)],
        app =>
        {
            app.Services.AddScoped<PerScope>().AddSingleton(trace);
            configure?.Invoke(app);
        },
        hostJson: $$"""{ "extensions": { "durableTask": { "hubName": "{{hub}}", "maxConcurrentActivityFunctions": 4 } } }""",
        localSettings: $$"""{ "Values": { "AzureWebJobsStorage": "{{azurite.ConnectionString}}" } }""");
}
