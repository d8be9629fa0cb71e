using System.Text.Json;
using Azure.Storage.Blobs;
using Pipeline.Local.Emulators;
using Pipeline.Testing;

namespace Pipeline.Local.Tests.Commands;

public sealed class RunCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Run_Succeeds_PrintsAStepPerLineAndTheMetrics()
    {
        var (exitCode, output, _) = await shell.RunAsync("run", "succeeds");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"(?m)^  silver\.orders +succeeded +0\.5 s  828 rows, 2 rejected$", output);
        Assert.Contains("Run succeeds-2 of succeeds succeeded in 1.5 s: 2 steps.", output, StringComparison.Ordinal);
        Assert.Contains("1,265,793.0395", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AppTellsQuality_PrintsScoresAndWhatFailed()
    {
        var (exitCode, output, _) = await shell.RunAsync("run", "judged");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"(?m)^table +rows +gold +silver +completeness +accuracy +timeliness +schema +consistency +score +tier +verdict$", output);
        Assert.Matches(@"(?m)^silver\.orders +10,000 +9,860 +40 +100 % +99\.99 % +99\.5 % +90 % +98\.76 % +gold +warned$", output);
        Assert.Matches(@"(?m)^silver\.details +5 +20 % +20 % +rejected +held$", output);
        Assert.Matches(@"(?m)^silver\.orders +freight-range +accuracy +100 +10,000 +1 % +0\.5 % +reject +warned$", output);
        Assert.Matches(@"(?m)^silver\.orders +freight-range +orders\.json +1,003 +-3 x{57}…$", output);
        Assert.DoesNotContain("1,004", output, StringComparison.Ordinal);
        Assert.DoesNotContain("shipped", output, StringComparison.Ordinal);
        Assert.EndsWith("silver.orders: no file for 2 days\nsilver.details held: 20% of the rows are good, expected 50%\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AppTellsQuality_IsInTheDocument()
    {
        var judged = await shell.RunAsync("run", "judged", "--json");
        var silent = await shell.RunAsync("run", "succeeds", "--json");

        var quality = JsonDocument.Parse(judged.Output).RootElement.GetProperty("quality");
        Assert.Equal((2, "held"), (quality.GetArrayLength(), quality[1].GetProperty("verdict").GetString()));
        Assert.Equal(10_000, quality[0].GetProperty("checks")[0].GetProperty("checked").GetInt32());
        Assert.False(JsonDocument.Parse(silent.Output).RootElement.TryGetProperty("quality", out _));
    }

    [Fact]
    public async Task Run_AppDoesNotTellQuality_PrintsNone()
    {
        var (_, output, _) = await shell.RunAsync("run", "succeeds");

        Assert.DoesNotContain("Quality", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnotherIsGoingOn_FollowsItAndThenRuns()
    {
        var (exitCode, output, _) = await shell.RunAsync("run", "busy");

        Assert.Equal(0, exitCode);
        Assert.Contains("Run busy-1 of busy is going on already", output, StringComparison.Ordinal);
        Assert.Contains("Run busy-2 of busy succeeded", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AppCrashes_SaysSoAndLeavesNothingRunning()
    {
        var (exitCode, output, _) = await shell.RunAsync("run", "crashes");

        Assert.Equal(1, exitCode);
        Assert.Contains("The app ended with code 3.", output, StringComparison.Ordinal);
        Assert.False(await StorageProbe.ListensAsync(shell.AppPort, CancellationToken.None));
    }

    [Fact]
    public async Task Run_Folders_UploadsWhatIsNewAndDropsDeletedModels()
    {
        var folder = Path.Combine(shell.StateFolder, "mine");
        Write("pipelines/succeeds/pipeline.yaml", "name: succeeds");
        Write("pipelines/succeeds/models/gold/a.sql", "select 1 as a");
        Write("pipelines/succeeds/models/gold/b.sql", "select 2 as b");
        Write("pipelines/succeeds/notes.txt", "not a definition");
        Write("landing/local-tests/2024/x.csv", "a\n1\n");
        string[] command = ["run", "succeeds", "--pipelines", Path.Combine(folder, "pipelines"), "--landing", Path.Combine(folder, "landing")];

        var first = await shell.RunAsync(command);
        File.Delete(Path.Combine(folder, "pipelines/succeeds/models/gold/b.sql"));
        Write("landing/local-tests/2024/x.csv", "a\n2\n");
        var second = await shell.RunAsync(command);

        Assert.Contains("Files of the definition: 3 uploaded, 0 unchanged.", first.Output, StringComparison.Ordinal);
        Assert.Contains("Files of the definition: 0 uploaded, 2 unchanged, 1 deleted.", second.Output, StringComparison.Ordinal);
        Assert.Contains("Files of the landing: 1 uploaded, 0 unchanged.", second.Output, StringComparison.Ordinal);
        var storage = new BlobServiceClient(azurite.ConnectionString);
        var file = await storage.GetBlobContainerClient("landing").GetBlobClient("local-tests/2024/x.csv").DownloadContentAsync();
        Assert.Equal("a\n2\n", file.Value.Content.ToString());
        Assert.Equal(16, file.Value.Details.ContentHash?.Length ?? file.Value.Details.BlobContentHash?.Length);

        void Write(string path, string content)
        {
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, content);
        }
    }

    [Fact]
    public async Task Run_PipelineNotInFolder_NamesTheFile()
    {
        var (exitCode, output, _) = await shell.RunAsync("run", "absent", "--pipelines", shell.StateFolder);

        Assert.Equal(1, exitCode);
        Assert.Contains(Path.Combine(shell.StateFolder, "absent", "pipeline.yaml"), output, StringComparison.Ordinal);
    }
}
