using System.Text.Json;
using Pipeline.Testing;

namespace Pipeline.Local.Tests.Commands;

public sealed class PlanCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Plan_Pipe_TellsEachStepWithItsReason()
    {
        var (exitCode, output, _) = await shell.RunAsync("plan", "northwind");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"bronze\.orders +updated +1 +3\.0 MiB +1 new and 0 changed files", output);
        Assert.Matches(@"silver\.orders +updated, if its input changes +bronze\.orders may change in this run", output);
        Assert.Matches(@"gold\.revenue +unchanged +2 +2,155 +2\.0 KiB +neither its input nor its definition changed", output);
        Assert.EndsWith("2 of 3 steps would be done. dotnet run --project local -- run northwind does them.\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_Json_PrintsOneDocument()
    {
        var (exitCode, output, _) = await shell.RunAsync("plan", "northwind", "--json");

        Assert.Equal(0, exitCode);
        using var plan = JsonDocument.Parse(output);
        Assert.Equal("bronze.orders", plan.RootElement.GetProperty("steps")[0].GetProperty("name").GetString());
        Assert.Equal("northwind/orders.json", plan.RootElement.GetProperty("steps")[0].GetProperty("reads").GetProperty("paths")[0].GetString());
    }
}
