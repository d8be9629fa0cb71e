using System.CommandLine;
using System.Globalization;

namespace Pipeline.Faults.Streaming;

/// <summary><c>streaming</c></summary>
internal static class StreamingCommand
{
    private const int Million = 1_000_000;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    public static void AddTo(RootCommand root)
    {
        var kind = new Option<string[]>("--kind") { Description = "Only these kinds.", AllowMultipleArgumentsPerToken = true };
        kind.AcceptOnlyFromAmong([.. StreamFaults.All.Select(f => f.Kind)]);
        var events = new Option<int>("--events") { Description = "How many events of each kind.", DefaultValueFactory = _ => (Million + StreamFaults.All.Count - 1) / StreamFaults.All.Count };
        var faults = new Option<int>("--faults") { Description = "How many faults of each kind.", DefaultValueFactory = _ => 300 };
        var seed = new Option<int>("--seed") { Description = "Decides the moments and what exactly goes wrong.", DefaultValueFactory = _ => 1 };
        var state = new Option<string>("--state") { Description = "The file of results: kinds that are in it, with the same numbers, are not played again.", DefaultValueFactory = _ => Path.Combine("artifacts", "streaming-faults.json") };
        var parallel = new Option<int>("--parallel") { Description = "How many kinds are played at a time, each with storage, a broker and an app of its own.", DefaultValueFactory = _ => 1 };
        var again = new Option<bool>("--again") { Description = "Plays them all the same." };
        var command = new Command("streaming", "Injects faults of each kind while events flow to two instances of the app, and checks that each event is in the tables once.") { kind, events, faults, seed, state, parallel, again };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var chosen = parsed.GetValue(kind) is { Length: > 0 } kinds ? StreamFaults.All.Where(f => kinds.Contains(f.Kind)) : StreamFaults.All;
            var file = new ResultFile(parsed.GetRequiredValue(state));
            var options = new ParallelOptions { MaxDegreeOfParallelism = parsed.GetValue(parallel), CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(chosen, options, async (fault, token) =>
            {
                var wanted = new KindResult { Kind = fault.Kind, Description = fault.Description, Seed = parsed.GetValue(seed), Events = parsed.GetValue(events), Faults = parsed.GetValue(faults) };
                if (parsed.GetValue(again) || !file.Read().Any(r => r.Passed && (r.Kind, r.Seed, r.Events, r.Faults) == (wanted.Kind, wanted.Seed, wanted.Events, wanted.Faults)))
                {
                    file.Add(await PlayAsync(fault, wanted, token));
                }
            });

            var results = file.Read().OrderBy(r => StreamFaults.All.ToList().FindIndex(f => f.Kind == r.Kind)).ToList();
            results.SelectMany(r => r.Problems.Select(p => $"{r.Kind}: {p}")).Concat(ResultTable.Lines(results)).ToList().ForEach(Console.WriteLine);
            return results.TrueForAll(r => r.Passed) ? 0 : 1;
        });
        root.Subcommands.Add(command);
    }

    private static async Task<KindResult> PlayAsync(StreamFault fault, KindResult wanted, CancellationToken cancellationToken)
    {
        await using var sandbox = await StreamSandbox.StartAsync(Pace, cancellationToken);
        var round = 0;
        var result = await new StreamRun(sandbox, text => Console.WriteLine($"{++round}/{wanted.Faults} {text}")).PlayAsync(fault, wanted.Events, wanted.Faults, wanted.Seed, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{fault.Kind}: {(result.Passed ? "passed" : "FAILED")} in {result.Seconds:F0} s, {result.Verdict}"));
        return result;
    }
}
