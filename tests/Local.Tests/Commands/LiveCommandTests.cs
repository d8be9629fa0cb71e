using System.Text.Json;
using Pipeline.Testing;

namespace Pipeline.Local.Tests.Commands;

public sealed class LiveCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Live_Once_PrintsTheNewestWindowFirstAndTheGreatestGroupOnTop()
    {
        var (exitCode, output, _) = await shell.RunAsync("live", "sales", "--once");

        Assert.Equal(0, exitCode);
        Assert.EndsWith(
            """
            window (UTC)          state   country  revenue  orders
            03:05:00 to 03:06:00  open    USA        1,000       1
            03:05:00 to 03:06:00  open    France         7       1
            03:05:00 to 03:06:00  open                           0
            03:04:00 to 03:05:00  closed  USA         10.5       2
            All events up to 03:05:20 UTC; 1,200 were late, 3 too late.

            """.ReplaceLineEndings("\n"),
            output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_Pipe_PrintsALineForEachGroupThatChanges()
    {
        var (exitCode, output, _) = await shell.RunAsync("live", "sales");

        Assert.Equal(1, exitCode);
        Assert.EndsWith(
            """
            2026-01-02T03:04:00Z closed country=USA revenue=10.5 orders=2
            2026-01-02T03:05:00Z open country=USA revenue=1000 orders=1
            2026-01-02T03:05:00Z open country=France revenue=7 orders=1
            2026-01-02T03:05:00Z open country= revenue= orders=0
            2026-01-02T03:05:00Z open country=USA revenue=2000 orders=2
            There is no aggregate 'sales' any more.

            """.ReplaceLineEndings("\n"),
            output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_Json_PrintsTheAnswersALineEach()
    {
        var (_, output, error) = await shell.RunAsync("live", "sales", "--json");

        Assert.Equal([1, 2], output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("version").GetInt32()));
        Assert.Contains("There is no aggregate 'sales' any more.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_Unknown_TellsWhy()
    {
        var (exitCode, _, error) = await shell.RunAsync("live", "nothing", "--json", "--once");

        Assert.Equal(1, exitCode);
        Assert.Contains("There is no /api/live/northwind/nothing.", error, StringComparison.Ordinal);
    }
}
