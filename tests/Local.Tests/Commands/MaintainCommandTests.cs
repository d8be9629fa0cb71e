using System.Text.Json;
using Pipeline.Testing;

namespace Pipeline.Local.Tests.Commands;

public sealed class MaintainCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Maintain_Pipe_PrintsWhatWasDoneAndWhatWasNot()
    {
        var (exitCode, output, _) = await shell.RunAsync("maintain", "shop");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"(?m)^  shop gold\.sales: log clean-up postponed: Another writer was first\.$", output);
        Assert.Matches(@"(?m)^pipeline +table +operation +status +files +bytes +what$", output);
        Assert.Matches(@"(?m)^shop +silver\.orders +retention +done +2 +3,000 +1,200 rows of year=2022$", output);
        Assert.Matches(@"(?m)^shop +silver\.orders +optimize +done +1,500 +2,000,000 +into 2$", output);
        Assert.Matches(@"(?m)^shop +gold\.sales +log clean-up +postponed +0 +0 +left to the next maintenance$", output);
        Assert.DoesNotContain("vacuum", output, StringComparison.Ordinal);
        Assert.EndsWith(
            "Maintenance shop-real succeeded in 1.5 s: 2 tables, 1,500 files packed into 2, 1,200 rows removed, 1 tables postponed.\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Maintain_DryRun_SaysThatNothingWasChanged()
    {
        var (exitCode, output, _) = await shell.RunAsync("maintain", "--dry-run");

        Assert.Equal(0, exitCode);
        Assert.Contains("Dry run, nothing was changed; it would be: 2 tables, 1,500 files packed into 2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Maintain_Json_PrintsOneDocument()
    {
        var (exitCode, output, error) = await shell.RunAsync("maintain", "--json");

        using var document = JsonDocument.Parse(output);
        Assert.Equal(0, exitCode);
        Assert.Equal(["id", "status", "dryRun", "seconds", "plannedTables", "figures", "tables"], document.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(1500, document.RootElement.GetProperty("tables")[0].GetProperty("operations")[1].GetProperty("files").GetInt32());
        Assert.Contains("Another writer was first.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Maintain_TableFails_ExitsNonZero()
    {
        var (exitCode, output, _) = await shell.RunAsync("maintain", "fails");

        Assert.Equal(1, exitCode);
        Assert.Contains("1 tables failed.", output, StringComparison.Ordinal);
    }
}
