using Pipeline.Testing;

namespace Pipeline.Local.Tests.Commands;

public sealed class RestoreCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);

    public void Dispose() => shell.Dispose();

    [Theory]
    [InlineData("3", 3)]
    [InlineData("2026-01-17", 17)]
    [InlineData("2026-01-17T23:30:00-01:00", 17)]
    public async Task Restore_VersionOrTime_TellsTheNewVersion(string to, int restored)
    {
        var (exitCode, output, error) = await shell.RunAsync("restore", "silver.orders", "--to", to);

        Assert.True(exitCode == 0, error + output);
        Assert.EndsWith($"silver.orders is at version 9 now, which is like version {restored}: 830 rows.\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_RunGoesOn_ExitsNonZeroWithTheReason()
    {
        var (exitCode, output, _) = await shell.RunAsync("restore", "silver.orders", "--to", "3", "--pipeline", "busy");

        Assert.Equal(1, exitCode);
        Assert.True(output.Contains("Run busy.1 of pipeline 'busy' is going on", StringComparison.Ordinal), output);
    }

    [Theory]
    [InlineData("--to is 'yesterday': expected a version such as 3, or a time", "restore", "silver.orders", "--to", "yesterday")]
    [InlineData("'orders' is not a table: expected layer.name", "restore", "orders", "--to", "3")]
    [InlineData("Option '--to' is required", "restore", "silver.orders")]
    public void Parse_WrongCommand_SaysWhatIsWrong(string expected, params string[] arguments) => Assert.Contains(
        Local.Commands.CommandLine.Create(Places.FakeApp).Parse(arguments).Errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
}
