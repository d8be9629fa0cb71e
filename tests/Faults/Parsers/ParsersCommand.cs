using System.CommandLine;
using System.Globalization;

namespace Pipeline.Faults.Parsers;

/// <summary><c>parsers</c>, and the hidden command of its process.</summary>
internal static class ParsersCommand
{
    public const string Worker = "parsers-worker";

    public static void AddTo(RootCommand root)
    {
        var inputs = new Option<int>("--inputs") { Description = "How many damaged inputs are read.", DefaultValueFactory = _ => 20_000 };
        var from = new Option<int>("--from") { Description = "The number of the first input." };
        var seed = new Option<int>("--seed") { Description = "Decides the damage.", DefaultValueFactory = _ => 1 };
        var command = new Command("parsers", "Reads damaged CSV, JSON, Parquet, definitions and logs: only declared errors and rejected rows may come of it.") { inputs, from, seed };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var result = await new ParserFuzz(parsed.GetValue(seed)).PlayAsync(parsed.GetValue(from), parsed.GetValue(inputs), Console.WriteLine, cancellationToken);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Inputs} inputs, at most {result.PeakBytes >> 20} MiB; {result.Problems.Count} problem(s)."));
            return result.Problems.Count == 0 ? 0 : 1;
        });
        root.Subcommands.Add(command);

        var number = new Argument<int>("seed");
        var first = new Argument<int>("from");
        var last = new Argument<int>("to");
        var worker = new Command(Worker) { number, first, last };
        worker.Hidden = true;
        worker.SetAction(async (parsed, cancellationToken) =>
        {
            await ParserWorker.RunAsync(parsed.GetValue(number), parsed.GetValue(first), parsed.GetValue(last), cancellationToken);
            return 0;
        });
        root.Subcommands.Add(worker);
    }
}
