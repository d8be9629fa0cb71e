namespace Pipeline.Local.Tests.Commands;

public sealed class EventsCommandTests
{
    [Theory]
    [InlineData("--poison is a share from 0% to 100%, as 0.1% or 0.001, not '5x%'.", "--poison", "5x%")]
    [InlineData("--late is a share from 0% to 100%, as 0.1% or 0.001, not '2'.", "--late", "2")]
    [InlineData("--duplicates and --poison are shares of the same events: together 100% at most.", "--poison", "60%", "--duplicates", "0.5")]
    [InlineData("--count is a number from 1 to 100000000, not '0'.", "--count", "0")]
    [InlineData("--rate is a number from 0 to 1000000, not '-1'.", "--rate", "-1")]
    [InlineData("--seed is a whole number from 0, not 'x'.", "--seed", "x")]
    public void Parse_WrongOption_SaysWhatIsWrong(string expected, params string[] arguments) =>
        Assert.Equal(expected, Assert.Single(Local.Commands.CommandLine.Create(Places.FakeApp).Parse(["events", .. arguments]).Errors.Select(e => e.Message).Distinct()));

    [Fact]
    public void Parse_CommandOfTheReadMe_IsUnderstood() => Assert.Empty(Local.Commands.CommandLine.Create(Places.FakeApp)
        .Parse("events --pipeline northwind --rate 2000 --count 100000 --duplicates 0.1% --poison 0.1% --late 1% --seed 7 --json").Errors);
}
