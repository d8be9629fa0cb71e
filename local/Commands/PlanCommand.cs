using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Pipeline.Local.Commands;

/// <summary>plan: what a run would do, and why.</summary>
internal static class PlanCommand
{
    public static Command Create(SharedOptions options)
    {
        var name = new Argument<string>("NAME") { Description = "The pipeline" };
        var select = new Option<string[]>("--select") { Description = "Of these steps only, e.g. silver.orders, or silver.orders+ with all that follows from it", HelpName = "STEP", AllowMultipleArgumentsPerToken = true };
        var fullRefresh = new Option<bool>("--full-refresh") { Description = "If the tables were rebuilt from all of their input" };
        var from = new Option<string>("--from") { Description = "If a backfill began with this day, month or year", HelpName = "DATE" };
        var to = new Option<string>("--to") { Description = "If a backfill ended with this day, month or year", HelpName = "DATE" };
        var json = new Option<bool>("--json") { Description = "Print the plan as one JSON document" };
        var command = new Command("plan", "Show what a run would do, why, and over which files and rows; nothing is done") { name, select, fullRefresh, from, to, json };
        command.Validators.Add(arguments =>
        {
            if (arguments.GetValue(from) is null != arguments.GetValue(to) is null)
            {
                arguments.AddError("A backfill has a beginning and an end: give --from and --to, such as --from 2013-01 --to 2013-06.");
            }
        });
        command.SetAction((arguments, cancellationToken) =>
        {
            var forProgram = arguments.GetValue(json);
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram);
            var asked = new RunBody
            {
                Select = arguments.GetValue(select) ?? [],
                FullRefresh = arguments.GetValue(fullRefresh),
                Backfill = RangeBody.Of(arguments.GetValue(from), arguments.GetValue(to)),
            };
            return CommandLine.GuardAsync(screen, async () =>
            {
                RunPlan plan;
                await using (var launched = await Launched.StartAsync(options.Read(arguments), screen, cancellationToken))
                {
                    plan = await launched.WhileRunningAsync(
                        stop => screen.WaitingAsync("Planning …", launched.Api.PlanAsync(arguments.GetRequiredValue(name), asked, stop)),
                        cancellationToken);
                }

                if (forProgram)
                {
                    await screen.Results.WriteLineAsync(JsonSerializer.Serialize(plan, JsonSerializerOptions.Web));
                }
                else
                {
                    Show(screen, plan, asked.Backfill);
                }

                return 0;
            }, failed: null, cancellationToken);
        });
        return command;
    }

    private static void Show(Screen screen, RunPlan plan, RangeBody? backfill)
    {
        new Grid(
            [new("step"), new("would be"), new("files", IsNumber: true), new("rows", IsNumber: true), new("size", IsNumber: true), new("because")],
            [.. plan.Steps.Select(step => (IReadOnlyList<string>)[step.Name, Word(step.Action), Count(step.Reads?.Files), Count(step.Reads?.Rows), Size(step.Reads?.Bytes), step.Why])]).Write(screen);
        var due = plan.Steps.Count(step => step.Action != "none");
        screen.Line(due == 0
            ? "Nothing would be done."
            : string.Create(CultureInfo.InvariantCulture, $"{due} of {plan.Steps.Count} steps would be done. dotnet run --project local -- {(backfill is null ? "run" : "backfill")} {plan.Pipeline}{backfill} does them."));
    }

    private static string Word(string action) => action switch
    {
        "none" => "unchanged",
        "update" => "updated",
        "rebuild" => "rebuilt",
        "backfill" => "rebuilt in part",
        "depends" => "updated, if its input changes",
        _ => action,
    };

    private static string Count(long? count) => count is { } number ? Grid.Number(number) : "";

    private static string Size(long? bytes) => bytes switch
    {
        null => "",
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:#,0.0} MiB"),
    };
}
