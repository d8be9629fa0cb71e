using System.Text.Json;
using Pipeline.Testing;

namespace Pipeline.Local.Tests.Commands;

public sealed class ProfileCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Profile_Table_ShowsItsColumnsAndTheRules()
    {
        var (exitCode, output, _) = await shell.RunAsync("profile", "bronze.orders");

        Assert.Equal(0, exitCode);
        Assert.Contains("bronze.orders at version 3: 2,000 rows, 1,000 of them looked at\n", output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^Freight +varchar +decimal 99\.5 % +7 +1 +~799 +0\.02 +41\.36 +1007\.64 +8\.53 \(5\)$", output);
        Assert.Matches(@"(?m)^Lines +struct\(a bigint\)\[\] +0 +0$", output);
        Assert.EndsWith("# From bronze.orders\ncolumns:\n  freight: {from: \"Freight\", type: varchar}\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Profile_Yaml_PrintsOnlyTheRules()
    {
        var (exitCode, output, _) = await shell.RunAsync("profile", "bronze.orders", "--yaml");

        Assert.Equal((0, "# From bronze.orders\ncolumns:\n  freight: {from: \"Freight\", type: varchar}\n"), (exitCode, output));
    }

    [Fact]
    public async Task Profile_Json_PrintsTheAnswer()
    {
        var (exitCode, output, _) = await shell.RunAsync("profile", "bronze.orders", "--json");

        Assert.Equal((0, 78.2), (exitCode, JsonDocument.Parse(output).RootElement.GetProperty("columns")[0].GetProperty("average").GetDouble()));
    }

    [Fact]
    public async Task Profile_UnknownTable_ExitsNonZero()
    {
        var (exitCode, output, error) = await shell.RunAsync("profile", "gold.none", "--pipeline", "other", "--yaml");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("There is no /api/quality/gold/other/none/profile", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'sales' is not a table: expected layer.name, such as bronze.orders.", "profile", "sales")]
    [InlineData("--yaml and --json exclude each other.", "profile", "silver.sales", "--yaml", "--json")]
    public void Parse_Wrong_SaysWhatIsExpected(string expected, params string[] command) =>
        Assert.Contains(Local.Commands.CommandLine.Create(Places.FakeApp).Parse(command).Errors, error => error.Message == expected);
}
