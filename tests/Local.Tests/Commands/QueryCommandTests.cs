using Pipeline.Testing;

namespace Pipeline.Local.Tests.Commands;

public sealed class QueryCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Query_Json_PrintsRowsAsObjects()
    {
        var (exitCode, output, errors) = await shell.RunAsync("query", "select 1", "--json");

        Assert.True(exitCode == 0, errors);
        Assert.Equal("[\n  {\"country\": \"USA\", \"revenue\": 245584.6105},\n  {\"country\": \"a \\u0022b\\u0022, c\", \"revenue\": null}\n]\n", output);
    }

    [Fact]
    public async Task Query_Csv_QuotesAsRfc4180()
    {
        var (exitCode, output, _) = await shell.RunAsync("query", "select 1", "--csv");

        Assert.Equal(0, exitCode);
        Assert.Equal("country,revenue\nUSA,245584.6105\n\"a \"\"b\"\", c\",\n", output);
    }

    [Fact]
    public async Task Query_Pipe_AlignsColumns()
    {
        var (_, output, _) = await shell.RunAsync("query", "select 1");

        Assert.EndsWith("country       revenue\nUSA       245584.6105\na \"b\", c\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_Truncated_SaysSoBesideTheDocument()
    {
        var (_, output, error) = await shell.RunAsync("query", "select 1 limit 3", "--csv");

        Assert.DoesNotContain("limit", output, StringComparison.Ordinal);
        Assert.Contains("Only the first 2 rows are shown", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--json and --csv exclude each other.", "query", "select 1", "--json", "--csv")]
    [InlineData("Required argument 'SQL' missing", "query")]
    [InlineData("--port is a port from 1 to 65535, not 70000.", "status", "--port", "70000")]
    [InlineData("'nonsense'", "nonsense")]
    public void Parse_WrongCommand_SaysWhatIsWrong(string expected, params string[] arguments)
    {
        var errors = Local.Commands.CommandLine.Create(Places.FakeApp).Parse(arguments).Errors;

        Assert.Contains(errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
    }
}
