using System.CommandLine;
using System.Globalization;
using Pipeline.Local.Emulators;
using Pipeline.Local.Events;

namespace Pipeline.Local.Commands;

/// <summary>events: sends sales of a web shop to the event hub, and holds the tables against what was sent.</summary>
internal static class EventsCommand
{
    private const int MostCount = 100_000_000;
    private const int MostRate = 1_000_000;

    public static Command Create(SharedOptions options)
    {
        var pipeline = new Option<string>("--pipeline") { Description = "Whose customers and products are sold, and whose source web_sales takes the sales", HelpName = "NAME", DefaultValueFactory = _ => Sample.Pipeline };
        var count = NumberOption("--count", "How many events to send", 10_000, 1, MostCount);
        var rate = NumberOption("--rate", "Events a second; 0 sends as fast as it goes", 1000, 0, MostRate);
        var duplicates = ShareOption("--duplicates", "The share of events that repeat an earlier one");
        var poison = ShareOption("--poison", "The share of events that no row can be made of");
        var late = ShareOption("--late", "The share of sales that were made up to ten minutes before");
        var seed = SeedOption();
        var kill = new Option<bool>("--kill-instance") { Description = "Let a second instance of the app take events too, and kill it (as by kill -9) when half are sent" };
        var json = new Option<bool>("--json") { Description = "Print the reconciliation as one JSON document" };
        var command = new Command("events", "Send sales to the event hub, then hold the tables against what was sent; the exit code is 0 only if nothing was lost or duplicated")
        {
            pipeline, rate, count, duplicates, poison, late, seed, kill, json,
        };
        command.Validators.Add(result =>
        {
            if (Given(duplicates) + Given(poison) > Share.Whole)
            {
                result.AddError("--duplicates and --poison are shares of the same events: together 100% at most.");
            }

            // What cannot be read is reported by its option.
            int Given(Option<Share> option) => result.GetResult(option) is { Tokens: [var text] } ? Share.TryParse(text.Value)?.PartsPerMillion ?? 0 : 0;
        });
        command.SetAction((arguments, cancellationToken) =>
        {
            var forProgram = arguments.GetValue(json);
            var screen = Screen.Of(arguments.InvocationConfiguration.Output, arguments.InvocationConfiguration.Error, forProgram);
            var request = new EventsRequest
            {
                Pipeline = arguments.GetRequiredValue(pipeline),
                Count = arguments.GetValue(count),
                Rate = arguments.GetValue(rate),
                Duplicates = arguments.GetValue(duplicates),
                Poison = arguments.GetValue(poison),
                Late = arguments.GetValue(late),
                Seed = arguments.GetValue(seed),
                KillsInstance = arguments.GetValue(kill),
            };
            return CommandLine.GuardAsync(screen, () => SendAsync(options.Read(arguments), screen, request, forProgram, cancellationToken), failed: null, cancellationToken);
        });
        return command;
    }

    private static async Task<int> SendAsync(Settings settings, Screen screen, EventsRequest request, bool forProgram, CancellationToken cancellationToken)
    {
        Reconciliation outcome;
        await using (var launched = await Launched.StartAsync(settings, screen, cancellationToken))
        {
            var run = new EventsRun(launched, settings, screen, request, TimeProvider.System);
            try
            {
                // Ctrl-C ends the sending only.
                outcome = await launched.WhileRunningAsync(stop => run.ExecuteAsync(cancellationToken, stop), CancellationToken.None);
            }
            catch (LaunchException) when (cancellationToken.IsCancellationRequested)
            {
                screen.Line("Ctrl-C has also ended the app, which this command had started: what was sent is not reconciled. To stop early, let 'up' run in another terminal.");
                return 130;
            }
        }

        if (forProgram)
        {
            await screen.Results.WriteLineAsync(outcome.ToJson());
        }
        else
        {
            outcome.Show(screen);
        }

        return outcome is { Lost: 0, Duplicated: 0 } ? 0 : 1;
    }

    private static Option<int> NumberOption(string name, string description, int byDefault, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => byDefault };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var text] && (!int.TryParse(text.Value, CultureInfo.InvariantCulture, out var number) || number < least || number > most))
            {
                result.AddError($"{name} is a number from {least} to {most}, not '{text.Value}'.");
            }
        });
        return option;
    }

    private static Option<ulong> SeedOption() => new("--seed")
    {
        Description = "The same seed sends the same sales, with the same ids; by default the time",
        HelpName = "N",
        DefaultValueFactory = _ => (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                result.AddError($"--seed is a whole number from 0, not '{text}'.");
            }

            return number;
        },
    };

    private static Option<Share> ShareOption(string name, string description) => new(name)
    {
        Description = $"{description}, as 0.1% or 0.001",
        HelpName = "SHARE",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Share.TryParse(text) is { } share)
            {
                return share;
            }

            result.AddError($"{name} is a share from 0% to 100%, as 0.1% or 0.001, not '{text}'.");
            return default;
        },
    };
}
