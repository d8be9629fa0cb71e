using System.Text.RegularExpressions;

namespace Pipeline.Local.Tests;

/// <summary>Paths and commands that the README names exist.</summary>
public sealed partial class ReadMeTests
{
    private static readonly string ReadMe = File.ReadAllText(Path.Combine(Places.RepoRoot, "README.md"));

    [Fact]
    public void Paths_Named_Exist()
    {
        string[] roots = ["functions/", "local/", "native/", "tests/", ".devcontainer/", "infra/"];
        var named = CodeSpans().Matches(ReadMe).Select(match => match.Groups[1].Value.Trim())
            .Where(text => roots.Any(root => text.StartsWith(root, StringComparison.Ordinal)) || text is "pipeline.http" or "local.settings.sample.json")
            .Concat(Links().Matches(ReadMe).Select(match => match.Groups[1].Value))
            .Concat(Layout())
            .Distinct().ToList();

        Assert.True(named.Count > 12, string.Join(' ', named));
        Assert.All(named, path => Assert.True(Exists(path), $"{path} does not exist."));
    }

    [Fact]
    public void Projects_InCommands_Exist()
    {
        var named = ProjectsAndSolutions().Matches(ReadMe).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.Equal(["Pipeline.sln", "functions/App", "local"], named.Order(StringComparer.Ordinal));
        Assert.All(named, path => Assert.True(Path.Exists(Path.Combine(Places.RepoRoot, path)), $"{path} does not exist."));
    }

    [Fact]
    public void Commands_Named_AreUnderstood()
    {
        var commands = LauncherCommands().Matches(ReadMe).Select(match => match.Groups[1].Value.Trim()).ToList();
        var folder = Directory.GetCurrentDirectory();

        Assert.True(commands.Count >= 3, string.Join('\n', commands));
        Assert.All(commands, command => Assert.Empty(
            Local.Commands.CommandLine.Create(Places.FakeApp).Parse(command.Replace("./my-pipelines", folder, StringComparison.Ordinal).Replace("./my-files", folder, StringComparison.Ordinal)).Errors));
    }

    [Fact]
    public void Commands_OfOperations_AreUnderstood()
    {
        var operations = File.ReadAllText(Path.Combine(Places.RepoRoot, "docs", "operations.md"));
        var commands = LauncherCommands().Matches(operations).Select(match => match.Groups[1].Value.Trim()).ToList();

        Assert.True(commands.Count >= 4, string.Join('\n', commands));
        Assert.All(commands, command => Assert.Empty(Local.Commands.CommandLine.Create(Places.FakeApp).Parse(command).Errors));
    }

    [Fact]
    public void CommandTable_Rows_AreTheCommandsThatThereAre()
    {
        var table = ReadMe[ReadMe.IndexOf("## The command line", StringComparison.Ordinal)..ReadMe.IndexOf("## A pipeline is a folder", StringComparison.Ordinal)];
        var rows = CommandRows().Matches(table).Select(match => match.Groups[1].Value);

        Assert.Equal(Local.Commands.CommandLine.Create(Places.FakeApp).Subcommands.Select(command => command.Name), rows);
    }

    private static IEnumerable<string> Layout()
    {
        var block = ReadMe[ReadMe.IndexOf("## Layout", StringComparison.Ordinal)..ReadMe.IndexOf("## Glossary", StringComparison.Ordinal)];
        var parent = "";
        foreach (Match line in LayoutLines().Matches(block))
        {
            var name = line.Groups[2].Value;
            parent = line.Groups[1].Length == 0 ? name : parent;
            yield return line.Groups[1].Length == 0 ? name : parent + name;
        }
    }

    /// <summary>A pattern exists if its folder has a match; files of the nuget build only count like others.</summary>
    private static bool Exists(string path) => path.Contains('*', StringComparison.Ordinal)
        ? Directory.EnumerateFiles(Path.Combine(Places.RepoRoot, Path.GetDirectoryName(path)!), Path.GetFileName(path)).Any()
        : Path.Exists(Path.Combine(Places.RepoRoot, path));

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex CodeSpans();

    [GeneratedRegex(@"\]\((?!http)([^)]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"dotnet (?:run --project|test) (\S+?)(?=[\s`]|$)", RegexOptions.Multiline)]
    private static partial Regex ProjectsAndSolutions();

    [GeneratedRegex("dotnet run --project local -- (?!COMMAND)([^`\n#]+)")]
    private static partial Regex LauncherCommands();

    [GeneratedRegex(@"^\| `(\w+)", RegexOptions.Multiline)]
    private static partial Regex CommandRows();

    [GeneratedRegex(@"^(  )?([A-Za-z]+/)\s", RegexOptions.Multiline)]
    private static partial Regex LayoutLines();
}
