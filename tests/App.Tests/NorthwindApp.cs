using System.Text.Json;
using Pipeline.App.Tests;

[assembly: AssemblyFixture(typeof(NorthwindApp))]

namespace Pipeline.App.Tests;

/// <summary>One app for all tests that do not stop it, with the sample's first run done.</summary>
public sealed class NorthwindApp : IAsyncLifetime
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "pipeline-app-" + Path.GetRandomFileName());
    private readonly List<JsonElement> seen = [];
    private LocalApp? app;

    internal LocalApp App => app ?? throw new InvalidOperationException("The app is not running.");

    internal Api Api => App.Api;

    internal Api.Answer? Accepted { get; private set; }

    /// <summary>The answer to a second request for a run, made while the first was going on.</summary>
    internal Api.Answer? Refused { get; private set; }

    /// <summary>The states of the first run, as they were seen.</summary>
    internal IReadOnlyList<JsonElement> Seen => seen;

    public async ValueTask InitializeAsync()
    {
        app = await LocalApp.StartAsync(folder, keep: false, events: true);
        await app.LandSampleAsync();
        Accepted = await Api.PostAsync("pipelines/northwind/runs");
        Refused = await Api.PostAsync("pipelines/northwind/runs");
        await Api.FollowAsync(Accepted.Body.GetProperty("id").GetString()!, seen.Add);
    }

    public async ValueTask DisposeAsync()
    {
        await (app?.DisposeAsync() ?? ValueTask.CompletedTask);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
