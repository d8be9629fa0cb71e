using System.Text.Json;
using Pipeline.Testing;

namespace Pipeline.Local.Tests.Commands;

public sealed class CatalogCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Catalog_All_ListsTables()
    {
        var (exitCode, output, _) = await shell.RunAsync("catalog", "--pipeline", "northwind");

        Assert.Equal(0, exitCode);
        Assert.Matches(@"(?m)^northwind  gold\.top_countries +3  2\.0 KiB +1\.3 ?%  2026-01-02 03:04 BUILD  gold\.revenue_by_country  The three best$", output);
    }

    [Fact]
    public async Task Catalog_Table_ShowsWhereItsColumnsComeFrom()
    {
        var (exitCode, output, _) = await shell.RunAsync("catalog", "gold.top_countries");

        Assert.Equal(0, exitCode);
        Assert.Contains("gold.top_countries of northwind: The three best", output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^  rows depend on +gold\.revenue_by_country\.revenue \(filter, sort\), cannot all be told$", output);
        Assert.Matches(@"(?m)^country  string  gold\.revenue_by_country\.country +Where to$", output);
    }

    [Fact]
    public async Task Catalog_Json_PrintsTheAnswer()
    {
        var (exitCode, output, _) = await shell.RunAsync("catalog", "gold.top_countries", "--json");

        Assert.Equal(0, exitCode);
        Assert.Equal(4, JsonDocument.Parse(output).RootElement.GetProperty("table").GetProperty("lastChange").GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task Catalog_UnknownTable_ExitsNonZero()
    {
        var (exitCode, output, error) = await shell.RunAsync("catalog", "gold.none", "--json");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("There is no /api/catalog/gold/northwind/none", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NoTable_SaysWhatIsExpected() => Assert.Contains(
        Local.Commands.CommandLine.Create(Places.FakeApp).Parse(["catalog", "sales"]).Errors, error => error.Message == "'sales' is not a table: expected layer.name, such as silver.sales.");
}
