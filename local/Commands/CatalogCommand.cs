using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Pipeline.Local.Commands;

/// <summary>catalog: what tables there are; or one with where its columns come from and go.</summary>
internal static class CatalogCommand
{
    public static Command Create(SharedOptions options)
    {
        var table = new Argument<string?>("TABLE") { Description = "A table, e.g. silver.sales; without it all are listed", Arity = ArgumentArity.ZeroOrOne };
        var pipeline = new Option<string?>("--pipeline") { Description = $"Whose tables; by default all, and for a TABLE {Sample.Pipeline}", HelpName = "NAME" };
        var json = new Option<bool>("--json") { Description = "Print what the app answers, as one JSON document" };
        var command = new Command("catalog", "Show the tables, or where the columns of one come from and go") { table, pipeline, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(table) is { } name && name.Split('.') is not [{ Length: > 0 }, { Length: > 0 }])
            {
                result.AddError($"'{name}' is not a table: expected layer.name, such as silver.sales.");
            }
        });
        command.SetAction((arguments, cancellationToken) =>
        {
            var forProgram = arguments.GetValue(json);
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram);
            return CommandLine.GuardAsync(screen, async () =>
            {
                JsonElement answer;
                await using (var launched = await Launched.StartAsync(options.Read(arguments), screen, cancellationToken))
                {
                    answer = await launched.WhileRunningAsync(
                        stop => screen.WaitingAsync("Reading the catalogue …", launched.Api.GetCatalogAsync(arguments.GetValue(pipeline), arguments.GetValue(table), stop)), cancellationToken);
                }

                if (forProgram)
                {
                    await screen.Results.WriteLineAsync(answer.GetRawText());
                }
                else if (arguments.GetValue(table) is null)
                {
                    ShowAll(screen, answer.Deserialize<IReadOnlyList<CatalogEntry>>(JsonSerializerOptions.Web) ?? []);
                }
                else if (answer.Deserialize<CatalogDetail>(JsonSerializerOptions.Web) is { } found)
                {
                    ShowOne(screen, found);
                }

                return 0;
            }, failed: null, cancellationToken);
        });
        return command;
    }

    private static void ShowAll(Screen screen, IReadOnlyList<CatalogEntry> tables) => new Grid(
        [new("pipeline"), new("table"), new("rows", IsNumber: true), new("size", IsNumber: true), new("rejected", IsNumber: true), new("changed"), new("from"), new("description")],
        [.. tables.Select(t => (IReadOnlyList<string>)
        [
            t.Pipeline, t.Name, Grid.Number(t.Rows), Size(t.Bytes), t.Quality is { } quality ? quality.RejectedShare.ToString("P1", CultureInfo.InvariantCulture) : "",
            $"{t.LastChange.CommittedUtc:yyyy-MM-dd HH:mm} {t.LastChange.Operation}", t.Source ?? string.Join(", ", t.Upstream), t.Problem is null ? t.Description ?? "" : $"! {FirstLine(t.Problem)}",
        ])]).Write(screen);

    private static void ShowOne(Screen screen, CatalogDetail detail)
    {
        var table = detail.Table;
        screen.Line($"{table.Name} of {table.Pipeline}: {table.Description}");
        Say("comes from", table.Source ?? string.Join(", ", table.Upstream));
        Say("becomes", string.Join(", ", table.Downstream));
        Say("rows", $"{Grid.Number(table.Rows)} in {Grid.Number(table.Files)} files, {Size(table.Bytes)}");
        Say("rejected", table.Quality is { } quality ? $"{Grid.Number(quality.RowsRejected)} of {Grid.Number(quality.RowsIn)} rows in the last run" : "");
        Say("last change", string.Create(CultureInfo.InvariantCulture, $"version {table.LastChange.Version}, {table.LastChange.Operation}, {table.LastChange.CommittedUtc:yyyy-MM-dd HH:mm:ss} UTC"));
        Say("rows depend on", Sources(detail.Rows, detail.AreRowsComplete));
        Say("problem", table.Problem ?? "");
        screen.Line();
        var types = table.Columns.ToDictionary(column => column.Name);
        new Grid(
            [new("column"), new("type"), new("comes from"), new("becomes"), new("description")],
            [.. detail.Columns.Select(c => (IReadOnlyList<string>)
            [
                c.Column, types[c.Column].Type, Sources(c.Upstream, c.IsComplete), Sources(c.Downstream, isComplete: true), types[c.Column].Description ?? "",
            ])]).Write(screen);

        void Say(string what, string text)
        {
            if (text.Length > 0)
            {
                screen.Line($"  {what,-14}  {text}");
            }
        }
    }

    private static string Sources(IReadOnlyList<CatalogSource> sources, bool isComplete) => string.Join(", ", sources.GroupBy(s => $"{s.Table}.{s.Column}")
        .Select(s => s.All(use => use.Use == "identity") ? s.Key : $"{s.Key} ({string.Join(", ", s.Select(use => use.Use))})").Concat(isComplete ? [] : ["cannot all be told"]));

    private static string Size(long bytes) => bytes < 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:#,0.0} MiB");

    private static string FirstLine(string text) => text.Split('\n')[0];
}
