using System.CommandLine;
using System.Text.Json;

namespace Pipeline.Local.Commands;

/// <summary>profile: what a table's values are like, and the rules that they would keep.</summary>
internal static class ProfileCommand
{
    private const int MostValues = 3;
    private const int LongestValue = 30;

    public static Command Create(SharedOptions options)
    {
        var table = new Argument<string>("TABLE") { Description = "A table, e.g. bronze.orders" };
        var pipeline = new Option<string>("--pipeline") { Description = "Whose table", HelpName = "NAME", DefaultValueFactory = _ => Sample.Pipeline };
        var yaml = new Option<bool>("--yaml") { Description = "Print only the suggested rules, as YAML for pipeline.yaml" };
        var json = new Option<bool>("--json") { Description = "Print what the app answers, as one JSON document" };
        var command = new Command("profile", "Show what a table's values are like, and suggest the rules that they keep") { table, pipeline, yaml, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(yaml) && result.GetValue(json))
            {
                result.AddError("--yaml and --json exclude each other.");
            }

            if (result.GetValue(table) is { } name && name.Split('.') is not [{ Length: > 0 }, { Length: > 0 }])
            {
                result.AddError($"'{name}' is not a table: expected layer.name, such as bronze.orders.");
            }
        });
        command.SetAction((arguments, cancellationToken) =>
        {
            var (asYaml, asJson) = (arguments.GetValue(yaml), arguments.GetValue(json));
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram: asYaml || asJson);
            return CommandLine.GuardAsync(screen, async () =>
            {
                JsonElement answer;
                await using (var launched = await Launched.StartAsync(options.Read(arguments), screen, cancellationToken))
                {
                    answer = await launched.WhileRunningAsync(
                        stop => screen.WaitingAsync("Reading the table …", launched.Api.ProfileAsync(arguments.GetRequiredValue(pipeline), arguments.GetRequiredValue(table), stop)), cancellationToken);
                }

                if (asJson)
                {
                    await screen.Results.WriteLineAsync(answer.GetRawText());
                }
                else if (answer.Deserialize<ProfileState>(JsonSerializerOptions.Web) is { } profile)
                {
                    await ShowAsync(screen, profile, asYaml);
                }

                return 0;
            }, failed: null, cancellationToken);
        });
        return command;
    }

    private static async Task ShowAsync(Screen screen, ProfileState profile, bool asYaml)
    {
        if (asYaml)
        {
            await screen.Results.WriteAsync(profile.Suggestion);
            return;
        }

        screen.Line(FormattableString.Invariant($"{profile.Table} at version {profile.Version}: {profile.Rows:N0} rows{(profile.ProfiledRows < profile.Rows ? $", {Grid.Number(profile.ProfiledRows)} of them looked at" : "")}"));
        new Grid(
            [
                new("column"), new("type"), new("looks like"), new("nulls", IsNumber: true), new("blanks", IsNumber: true), new("distinct", IsNumber: true), new("min"), new("median"), new("max"), new("most frequent"),
            ],
            [.. profile.Columns.Select(c => (IReadOnlyList<string>)
            [
                c.Name, c.Type.ToLowerInvariant(), LooksLike(c), Grid.Number(c.Nulls), Grid.Number(c.Blanks), c.Distinct is { } distinct ? $"{(c.IsDistinctExact ? "" : "~")}{Grid.Number(distinct)}" : "",
                c.Min ?? "", c.Quantiles?.P50 ?? "", c.Max ?? "", string.Join(", ", c.Top.Take(MostValues).Select(t => $"{Line(t.Value)} ({Grid.Number(t.Count)})")),
            ])]).Write(screen);
        screen.Heading("Rules that they keep, for pipeline.yaml");
        foreach (var line in profile.Suggestion.TrimEnd('\n').Split('\n'))
        {
            screen.Line(line);
        }
    }

    // The narrowest kind that most are of; the app has them in that order.
    private static string LooksLike(ProfiledColumn column)
    {
        var most = column.Matches.Values.DefaultIfEmpty(0).Max();
        return most < 0.5 ? "" : column.Matches.First(m => m.Value >= most) is var kind && kind.Value < 1 ? $"{kind.Key} {QualityResult.Percent(kind.Value)}" : kind.Key;
    }

    private static string Line(string value) => QualityResult.Short(value, LongestValue);
}
