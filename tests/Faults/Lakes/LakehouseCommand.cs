using System.CommandLine;
using System.Globalization;
using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Lakes;

/// <summary><c>lakehouse</c>, and the hidden command of its process.</summary>
internal static class LakehouseCommand
{
    public const string Worker = "lakehouse-worker";

    public static void AddTo(RootCommand root)
    {
        var kills = new Option<int>("--kills") { Description = "How often the process is killed.", DefaultValueFactory = _ => 200 };
        var seed = new Option<int>("--seed") { Description = "Decides the moments and what the process does.", DefaultValueFactory = _ => 1 };
        var command = new Command("lakehouse", "Kills a process that appends, packs, vacuums and checkpoints at random moments, and reads the table after each kill.") { kills, seed };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var emulator = await Emulator.StartAsync(cancellationToken);
            var result = await new LakehouseKills(emulator, parsed.GetValue(seed)).PlayAsync(parsed.GetValue(kills), Console.WriteLine, cancellationToken);
            var at = string.Join(", ", result.At.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Value} during {entry.Key}"));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Kills} kills ({at}): {result.Acknowledged} appends acknowledged, {result.Unacknowledged} more in the table, {result.Versions} versions; {result.Problems.Count} problem(s)."));
            return result.Problems.Count == 0 ? 0 : 1;
        });
        root.Subcommands.Add(command);

        var first = new Argument<long>("first");
        var number = new Argument<int>("seed");
        var worker = new Command(Worker) { first, number };
        worker.Hidden = true;
        worker.SetAction(async (parsed, cancellationToken) =>
        {
            using var work = new TableWorker();
            await work.WorkAsync(parsed.GetValue(first), parsed.GetValue(number), cancellationToken);
            return 0;
        });
        root.Subcommands.Add(worker);
    }
}
