using System.CommandLine;

namespace Pipeline.Local.Commands;

/// <summary>query: SQL over a pipeline's tables, through the app's locked-down engine.</summary>
internal static class QueryCommand
{
    public static Command Create(SharedOptions options)
    {
        var sql = new Argument<string>("SQL") { Description = "One SELECT, e.g. \"select * from gold.top_countries\"" };
        var pipeline = new Option<string>("--pipeline") { Description = "Whose tables", HelpName = "NAME", DefaultValueFactory = _ => Sample.Pipeline };
        var json = new Option<bool>("--json") { Description = "Print the rows as a JSON array of objects" };
        var csv = new Option<bool>("--csv") { Description = "Print the rows as CSV with a header" };
        var command = new Command("query", "Run a SELECT over a pipeline's tables") { sql, pipeline, json, csv };
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(csv))
            {
                result.AddError("--json and --csv exclude each other.");
            }
        });
        command.SetAction((arguments, cancellationToken) =>
        {
            Action<QueryResult, TextWriter>? format = arguments.GetValue(json) ? QueryOutput.WriteJson : arguments.GetValue(csv) ? QueryOutput.WriteCsv : null;
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram: format is not null);
            return CommandLine.GuardAsync(screen, async () =>
            {
                QueryResult result;
                await using (var launched = await Launched.StartAsync(options.Read(arguments), screen, cancellationToken))
                {
                    result = await launched.WhileRunningAsync(
                        stop => screen.WaitingAsync("Running the query …", launched.Api.QueryAsync(arguments.GetRequiredValue(pipeline), arguments.GetRequiredValue(sql), stop)), cancellationToken);
                }

                Show(screen, result, format);
                return 0;
            }, failed: null, cancellationToken);
        });
        return command;
    }

    private static void Show(Screen screen, QueryResult result, Action<QueryResult, TextWriter>? format)
    {
        if (format is null)
        {
            Grid.Of(result).Write(screen);
        }
        else
        {
            format(result, screen.Results);
        }

        if (result.Truncated)
        {
            screen.Line($"Only the first {result.Rows.Count} rows are shown: the app's limit.");
        }
    }
}
