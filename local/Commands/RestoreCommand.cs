using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Pipeline.Local.Commands;

/// <summary>restore: makes a table what it was.</summary>
internal static partial class RestoreCommand
{
    private static readonly string[] TimeFormats = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

    public static Command Create(SharedOptions options)
    {
        var table = new Argument<string>("TABLE") { Description = "The table, e.g. silver.orders" };
        var to = new Option<string>("--to") { Description = "A version, or a time in ISO 8601 (UTC without an offset)", HelpName = "VERSION|TIME", Required = true };
        var pipeline = new Option<string>("--pipeline") { Description = "Whose table", HelpName = "NAME", DefaultValueFactory = _ => Sample.Pipeline };
        var json = new Option<bool>("--json") { Description = "Print the new version as one JSON document" };
        var command = new Command("restore", "Make a table what it was at a version or a time, by a new commit") { table, to, pipeline, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(table) is { } name && !TableName().IsMatch(name))
            {
                result.AddError($"'{name}' is not a table: expected layer.name, such as silver.orders.");
            }

            if (result.GetResult(to) is { Tokens: [{ Value: var when }] } && Parse(when) is null)
            {
                result.AddError($"--to is '{when}': expected a version such as 3, or a time such as 2026-01-31T08:30:00Z.");
            }
        });
        command.SetAction((arguments, cancellationToken) =>
        {
            var forProgram = arguments.GetValue(json);
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram);
            return CommandLine.GuardAsync(screen, async () =>
            {
                var (version, time) = Parse(arguments.GetRequiredValue(to)) ?? default;
                RestoredTable restored;
                await using (var launched = await Launched.StartAsync(options.Read(arguments), screen, cancellationToken))
                {
                    restored = await launched.WhileRunningAsync(
                        stop => screen.WaitingAsync("Restoring …", launched.Api.RestoreAsync(arguments.GetRequiredValue(pipeline), arguments.GetRequiredValue(table), version, time, stop)), cancellationToken);
                }

                if (forProgram)
                {
                    await screen.Results.WriteLineAsync(restored.ToJson());
                }
                else
                {
                    screen.Line($"{restored.Table} is at version {restored.Version} now, which is like version {restored.RestoredVersion}: {Grid.Number(restored.Rows)} rows.");
                }

                return 0;
            }, failed: null, cancellationToken);
        });
        return command;
    }

    private static (long? Version, DateTimeOffset? Time)? Parse(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? (version, null)
        : DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? (null, time)
        : null;

    [GeneratedRegex("^(bronze|silver|gold|rejected)\\.[a-z_][a-z0-9_]*$")]
    private static partial Regex TableName();
}
