using System.CommandLine;
using System.Globalization;
using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Lakes;

/// <summary><c>contention</c>, and the hidden command of its processes.</summary>
internal static class ContentionCommand
{
    public const string Worker = "contention-worker";

    public static void AddTo(RootCommand root)
    {
        var processes = new Option<int>("--processes") { Description = "How many processes.", DefaultValueFactory = _ => 8 };
        var appends = new Option<int>("--appends") { Description = "How many commits each makes.", DefaultValueFactory = _ => 100 };
        var command = new Command("contention", "Many processes append to one table on Azurite; every commit must be there once.") { processes, appends };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var emulator = await Emulator.StartAsync(cancellationToken);
            var result = await Contention.PlayAsync(emulator, parsed.GetValue(processes), parsed.GetValue(appends), cancellationToken);
            result.Problems.ToList().ForEach(Console.WriteLine);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Commits} commits and {result.Rows} rows in {result.Time.TotalSeconds:F1} s; {result.Problems.Count} problem(s)."));
            return result.Problems.Count == 0 ? 0 : 1;
        });
        root.Subcommands.Add(command);

        var writer = new Argument<int>("writer");
        var count = new Argument<int>("appends");
        var worker = new Command(Worker) { writer, count };
        worker.Hidden = true;
        worker.SetAction(async (parsed, cancellationToken) =>
        {
            using var work = new TableWorker();
            await work.AppendAsync(parsed.GetValue(writer), parsed.GetValue(count), cancellationToken);
            return 0;
        });
        root.Subcommands.Add(worker);
    }
}
