using System.Text.Json;

namespace Pipeline.App.Tests.Runs;

/// <summary>A run changes nothing where nothing has changed, also after everything was stopped.</summary>
public sealed class RunAgainTests(ITestOutputHelper output) : IDisposable
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "pipeline-app-" + Path.GetRandomFileName());

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Run_NothingMoved_WritesNothing()
    {
        IReadOnlyList<string> files;
        await using (var app = await LocalApp.StartAsync(folder, keep: true))
        {
            await app.LandSampleAsync();
            var first = await RunAsync(app, "first", "succeeded");
            files = await app.TableFilesAsync();

            var second = await RunAsync(app, "second", "unchanged");

            Assert.Equal(files, await app.TableFilesAsync());
            Assert.True(JsonElement.DeepEquals(first.GetProperty("metrics"), second.GetProperty("metrics")));
        }

        await using (var app = await LocalApp.StartAsync(folder, keep: true))
        {
            await RunAsync(app, "after a restart", "unchanged");
            await app.LandSampleAsync();
            await RunAsync(app, "after landing was uploaded again", "unchanged");

            Assert.Equal(files, await app.TableFilesAsync());
            Assert.Equal(4, (await app.Api.GetAsync("runs")).Body.GetArrayLength());
        }
    }

    private async Task<JsonElement> RunAsync(LocalApp app, string what, string stepStatus)
    {
        var run = await app.Api.RunAsync("northwind");
        output.WriteLine($"{what}: {run.GetProperty("seconds")} s");
        Assert.Equal("succeeded", run.GetProperty("status").GetString());
        Assert.All(run.GetProperty("steps").EnumerateArray(), step =>
        {
            Assert.Equal(stepStatus, step.GetProperty("status").GetString());
            Assert.Equal(0, step.GetProperty("version").GetInt64());
        });
        Assert.Equal(1265793.0395m, run.GetProperty("metrics").GetProperty("total_revenue").GetDecimal());
        return run;
    }
}
