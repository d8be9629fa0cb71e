using System.CommandLine;

namespace Pipeline.Local.Commands;

/// <summary>replay: tries rejected rows again by the rules of now.</summary>
internal static class ReplayCommand
{
    public static Command Create(SharedOptions options)
    {
        var name = new Argument<string>("NAME") { Description = "The pipeline" };
        var source = new Argument<string>("SOURCE") { Description = "The source whose rejected rows are tried again, e.g. transactions" };
        var rule = new Option<string>("--rule") { Description = "Only rows that failed this rule, e.g. amount-type", HelpName = "RULE" };
        var from = new Option<string>("--from") { Description = "Only rows rejected at this time or later (ISO 8601)", HelpName = "TIME" };
        var to = new Option<string>("--to") { Description = "Only rows rejected before this time", HelpName = "TIME" };
        var fix = new Option<string[]>("--fix")
        {
            Description = "The value of a column this time, as SQL over the raw row, e.g. --fix \"amount=replace(amount, ',', '.')\"; may be given for several columns",
            HelpName = "COLUMN=SQL",
        };
        var json = new Option<bool>("--json") { Description = "Print the run's summary as one JSON document" };
        fix.Validators.Add(found =>
        {
            foreach (var wrong in found.Tokens.Select(t => t.Value).Where(t => t.IndexOf('=', StringComparison.Ordinal) is <= 0))
            {
                found.AddError($"'{wrong}' is not a fix: expected COLUMN=SQL, such as \"amount=replace(amount, ',', '.')\".");
            }
        });
        var command = new Command("replay", "Try rejected rows again by the rules of now: those that pass move to silver, the others stay with their new reasons") { name, source, rule, from, to, fix, json };
        command.SetAction((arguments, cancellationToken) =>
        {
            var forProgram = arguments.GetValue(json);
            var request = new PipelineRun
            {
                Pipeline = arguments.GetRequiredValue(name),
                Replay = (arguments.GetRequiredValue(source), new ReplayBody
                {
                    Rule = arguments.GetValue(rule),
                    From = arguments.GetValue(from),
                    To = arguments.GetValue(to),
                    Fix = (arguments.GetValue(fix) ?? []).Select(f => f.Split('=', 2)).GroupBy(f => f[0].Trim()).ToDictionary(f => f.Key, f => f.Last()[1]),
                }),
            };
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram);
            return RunCommand.RunAsync(options.Read(arguments), screen, request, forProgram, cancellationToken);
        });
        return command;
    }
}
