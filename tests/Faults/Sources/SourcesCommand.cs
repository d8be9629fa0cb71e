using System.CommandLine;
using System.Globalization;
using Pipeline.Faults.Storage;
using Pipeline.Local.Emulators;

namespace Pipeline.Faults.Sources;

/// <summary><c>sources</c></summary>
internal static class SourcesCommand
{
    public static void AddTo(RootCommand root)
    {
        var kills = new Option<int>("--kills") { Description = "How often the app is killed, of each kind.", DefaultValueFactory = _ => 100 };
        var kind = new Option<string[]>("--kind") { Description = "Only these kinds.", AllowMultipleArgumentsPerToken = true };
        kind.AcceptOnlyFromAmong([.. SourceKills.Kinds]);
        var seed = new Option<int>("--seed") { Description = "Decides the moments and what others write.", DefaultValueFactory = _ => 1 };
        var command = new Command("sources", "Kills the app while it extracts from a PostgreSQL in which others write, and while it serves to it, and compares all tables.") { kills, kind, seed };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!Postgres.IsInstalled)
            {
                await Postgres.InstallAsync(cancellationToken);
            }

            await using var emulator = await Emulator.StartAsync(cancellationToken);
            var kinds = parsed.GetValue(kind) is { Length: > 0 } some ? some : [.. SourceKills.Kinds];
            var result = await new SourceKills(emulator, parsed.GetValue(seed)).PlayAsync(parsed.GetValue(kills), kinds, Console.WriteLine, cancellationToken);
            result.Problems.ToList().ForEach(Console.WriteLine);
            var times = result.Recovery.Order().ToList();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{string.Join(", ", result.Kills.Select(k => $"{k.Value} kills during {k.Key}"))}; {result.Missed} not reached; {result.Rows} rows compared; recovery p50 {At(0.5):F2} s, p99 {At(0.99):F2} s; {result.Problems.Count} problem(s)."));
            return result.Problems.Count == 0 ? 0 : 1;

            double At(double share) => times.Count == 0 ? 0 : times[Math.Min(times.Count - 1, (int)(share * times.Count))].TotalSeconds;
        });
        root.Subcommands.Add(command);
    }
}
