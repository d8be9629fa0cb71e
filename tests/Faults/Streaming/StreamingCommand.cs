using System.CommandLine;
using System.Globalization;

namespace Pipeline.Faults.Streaming;

/// <summary><c>streaming</c></summary>
internal static class StreamingCommand
{
    private const int Million = 1_000_000;

    // Of a programme that is stopped no more is lost than what it was at; each part has a sandbox of its own.
    private const int PartFaults = 50;
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    public static void AddTo(RootCommand root)
    {
        var kind = new Option<string[]>("--kind") { Description = "Only these kinds.", AllowMultipleArgumentsPerToken = true };
        kind.AcceptOnlyFromAmong([.. StreamFaults.All.Select(f => f.Kind)]);
        var events = new Option<int>("--events") { Description = "How many events of each kind.", DefaultValueFactory = _ => (Million + StreamFaults.All.Count - 1) / StreamFaults.All.Count };
        var faults = new Option<int>("--faults") { Description = "How many faults of each kind.", DefaultValueFactory = _ => 300 };
        var seed = new Option<int>("--seed") { Description = "Decides the moments and what exactly goes wrong.", DefaultValueFactory = _ => 1 };
        var state = new Option<string>("--state") { Description = "The file of results: faults that are in it, with the same numbers, are not played again.", DefaultValueFactory = _ => Path.Combine("artifacts", "streaming-faults.json") };
        var parallel = new Option<int>("--parallel") { Description = "How many parts of 50 faults are played at a time, each with storage, a broker and an app of its own.", DefaultValueFactory = _ => 1 };
        var again = new Option<bool>("--again") { Description = "Plays them all the same." };
        var command = new Command("streaming", "Injects faults of each kind while events flow to two instances of the app, and checks that each event is in the tables once.") { kind, events, faults, seed, state, parallel, again };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var chosen = parsed.GetValue(kind) is { Length: > 0 } kinds ? StreamFaults.All.Where(f => kinds.Contains(f.Kind)) : StreamFaults.All;
            var file = new ResultFile(parsed.GetRequiredValue(state));
            var known = parsed.GetValue(again) ? [] : file.Read();
            var parts = chosen.SelectMany(f => PartsOf(f, parsed.GetValue(events), parsed.GetValue(faults), parsed.GetValue(seed), known)).ToList();
            var options = new ParallelOptions { MaxDegreeOfParallelism = parsed.GetValue(parallel), CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(Enumerable.Range(0, parts.Count).Where(i => parts[i].RecoverySeconds.Count == 0), options, async (part, token) =>
            {
                parts[part] = await PlayAsync(parts[part], token);
                file.Add(parts[part]);
            });

            var results = parts.GroupBy(p => p.Kind).Select(k => KindResult.Of([.. k])).ToList();
            results.SelectMany(r => r.Problems).Concat(ResultTable.Lines(results)).ToList().ForEach(Console.WriteLine);
            return results.TrueForAll(r => r.Passed) ? 0 : 1;
        });
        root.Subcommands.Add(command);
    }

    // In their order: those that were played, and those that are to be.
    private static IEnumerable<KindResult> PartsOf(StreamFault fault, int events, int faults, int seed, IReadOnlyList<KindResult> known)
    {
        for (var first = 0; first < faults;)
        {
            var part = known.FirstOrDefault(r => r.Passed && (r.Kind, r.Seed, r.First) == (fault.Kind, seed, first) && first + r.Faults <= faults && r.Events == Events(first, first + r.Faults))
                ?? Wanted(first, Math.Min(first + PartFaults, faults));
            yield return part;
            first += part.Faults;
        }

        KindResult Wanted(int first, int end) => new() { Kind = fault.Kind, Description = fault.Description, Seed = seed, First = first, Events = Events(first, end), Faults = end - first };

        int Events(int first, int end) => (int)(((long)events * end / faults) - ((long)events * first / faults));
    }

    private static async Task<KindResult> PlayAsync(KindResult wanted, CancellationToken cancellationToken)
    {
        await using var sandbox = await StreamSandbox.StartAsync(Pace, cancellationToken);
        var round = wanted.First;
        var fault = StreamFaults.All.First(f => f.Kind == wanted.Kind);
        var result = await new StreamRun(sandbox, text => Console.WriteLine($"{++round} {text}")).PlayAsync(fault, wanted, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{fault.Kind}, faults from {wanted.First}: {(result.Passed ? "passed" : "FAILED")} in {result.Seconds:F0} s, {result.Verdict}"));
        return result;
    }
}
