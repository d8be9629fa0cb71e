using System.Globalization;
using System.Text.Json;
using Pipeline.Testing;

namespace Pipeline.Local.Tests.Events;

/// <summary>Events through the real app: the source of the sample, in a pipeline of its own that lands more often.</summary>
public sealed class EventsEndToEndTests(RealApp app, AzuriteFixture azurite) : IDisposable
{
    private const string Pipeline = "web";
    private readonly Shell shell = app.NewShell(azurite);

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Events_SentTwiceAndAnInstanceKilled_LoseAndDuplicateNothing()
    {
        await RunAsync();

        var first = await SendAsync("0");
        var again = await SendAsync("1000", "--kill-instance");
        var (_, rows, _) = await shell.RunAsync("query", "select count(*) as n, count(distinct event_id) as ids from silver.web_sales", "--pipeline", Pipeline, "--csv");

        Assert.Equal((3000, 3000, 0, 0), (first.Sent, first.Bronze, first.Lost, first.Duplicated));
        Assert.Equal((3000, 3000, 0, 0), (again.Sent, again.Bronze, again.Lost, again.Duplicated));
        Assert.InRange(first.Rejected, 10, 60);
        Assert.InRange(first.DuplicatesDropped, 10, 60);
        Assert.Equal((3000 - first.Rejected - first.DuplicatesDropped, 0), (first.Silver, again.Silver));
        Assert.Equal((first.Rejected, 3000 - first.Rejected), (again.Rejected, again.DuplicatesDropped));
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"n,ids\n{first.Silver},{first.Silver}\n"), rows);
    }

    private async Task<Local.Events.Reconciliation> SendAsync(string rate, params string[] options)
    {
        var (exitCode, output, error) = await shell.RunAsync(
            ["events", "--pipeline", Pipeline, "--count", "3000", "--rate", rate, "--duplicates", "1%", "--poison", "1%", "--late", "1%", "--seed", "7", "--json", .. options]);
        Assert.True(exitCode == 0, error + output);
        using var document = JsonDocument.Parse(output);
        Assert.Equal(
            ["sent", "bronze", "silver", "rejected", "duplicatesDropped", "lost", "duplicated", "seconds", "eventsPerSecond"],
            document.RootElement.EnumerateObject().Select(p => p.Name));
        return document.RootElement.Deserialize<Local.Events.Reconciliation>(JsonSerializerOptions.Web)!;
    }

    private async Task RunAsync()
    {
        var shipped = await File.ReadAllTextAsync(Path.Combine(Places.RepoRoot, "functions", "pipelines", "northwind", "pipeline.yaml"));
        var folder = Path.Combine(shell.StateFolder, "pipelines", Pipeline);
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "pipeline.yaml"), string.Join('\n', ["name: web", "sources:", Source("customers"), Source("products"), Source("web_sales").Replace("every 10s", "every 1s", StringComparison.Ordinal)]));
        var (exitCode, output, _) = await shell.RunAsync("run", Pipeline, "--pipelines", Path.GetDirectoryName(folder)!);
        Assert.True(exitCode == 0, output);

        // From its name to the next line that is indented no more than that.
        string Source(string name)
        {
            var lines = shipped[shipped.IndexOf($"\n  {name}:\n", StringComparison.Ordinal)..].Split('\n').Skip(1).ToList();
            return string.Join('\n', lines.Take(1).Concat(lines.Skip(1).TakeWhile(line => line.StartsWith("    ", StringComparison.Ordinal))));
        }
    }
}
