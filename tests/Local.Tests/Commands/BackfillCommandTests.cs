using Pipeline.Testing;

namespace Pipeline.Local.Tests.Commands;

public sealed class BackfillCommandTests(AzuriteFixture azurite) : IDisposable
{
    private readonly Shell shell = new(azurite);

    public void Dispose() => shell.Dispose();

    [Theory]
    [InlineData("""{"select":["silver.orders"],"fullRefresh":false,"backfill":{"from":"1997-01","to":"1997"}}""", "backfill", "echo", "--from", "1997-01", "--to", "1997", "--select", "silver.orders")]
    [InlineData("""{"select":[],"fullRefresh":false,"backfill":{"from":"1997","to":"1998"}}""", "plan", "echo", "--from", "1997", "--to", "1998")]
    [InlineData("""{"select":[],"fullRefresh":true}""", "plan", "echo", "--full-refresh")]
    public async Task Command_Refused_SaysWhatTheAppSays(string asked, params string[] arguments)
    {
        var (exitCode, output, _) = await shell.RunAsync(arguments);

        Assert.Equal(1, exitCode);
        Assert.Contains(asked, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backfill_Pipe_FollowsTheRunToItsEnd()
    {
        var (exitCode, output, _) = await shell.RunAsync("backfill", "succeeds", "--from", "1997", "--to", "1997");

        Assert.Equal(0, exitCode);
        Assert.Contains("Run succeeds-2 of succeeds succeeded in 1.5 s: 2 steps.", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Option '--to' is required", "backfill", "northwind", "--from", "1997")]
    [InlineData("give --from and --to", "plan", "northwind", "--to", "1997")]
    public void Parse_HalfARange_SaysWhatIsMissing(string expected, params string[] arguments) => Assert.Contains(
        Local.Commands.CommandLine.Create(Places.FakeApp).Parse(arguments).Errors, error => error.Message.Contains(expected, StringComparison.Ordinal));
}
