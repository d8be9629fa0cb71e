using System.Diagnostics;
using System.Globalization;
using Pipeline.Faults.Lakes;

namespace Pipeline.Faults.Parsers;

/// <summary>How damaged inputs came out.</summary>
/// <param name="Inputs">How many were read.</param>
/// <param name="PeakBytes">The largest working set of a process that read them.</param>
/// <param name="Problems">Undeclared errors, crashes, hangs, too much memory.</param>
public sealed record ParserResult(int Inputs, long PeakBytes, IReadOnlyList<string> Problems);

/// <summary>Gives damaged files, definitions and logs to the code that reads them: it refuses them with a declared error or rejects rows, and never crashes, hangs or
/// grows.</summary>
public sealed class ParserFuzz(int seed)
{
    private const int InputsPerProcess = 1000;
    private const long MostBytes = 1200L << 20;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private readonly List<string> problems = [];
    private long peak;

    /// <summary>Reads inputs from a number on.</summary>
    public async Task<ParserResult> PlayAsync(int from, int count, Action<string> tell, CancellationToken cancellationToken)
    {
        var next = from;
        while (next < from + count)
        {
            var before = problems.Count;
            next = await PlayOnceAsync(next, Math.Min(from + count, next + InputsPerProcess), cancellationToken);
            problems.Skip(before).ToList().ForEach(tell);
            tell(string.Create(CultureInfo.InvariantCulture, $"{next - from} inputs, {problems.Count} problem(s), at most {peak >> 20} MiB."));
        }

        return new ParserResult(count, peak, problems);
    }

    /// <returns>The number to go on with.</returns>
    private async Task<int> PlayOnceAsync(int from, int to, CancellationToken cancellationToken)
    {
        // An escaped allocation ends as an error of this process instead of the machine's.
        var environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x20000000" };
        await using var worker = WorkerProcess.Start(ParsersCommand.Worker, environment, seed, from, to);
        while (!worker.Exited.IsCompleted && Stopwatch.GetElapsedTime(worker.LastLine) < Silence)
        {
            await Task.WhenAny(worker.Exited, Task.Delay(Poll, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        var hung = !worker.Exited.IsCompleted;
        await worker.KillAsync();
        problems.AddRange(worker.Lines.Where(line => line.StartsWith("FAIL", StringComparison.Ordinal)));
        if (worker.Lines.LastOrDefault(line => line.StartsWith("peak ", StringComparison.Ordinal)) is { } told)
        {
            peak = Math.Max(peak, long.Parse(told["peak ".Length..], CultureInfo.InvariantCulture));
            if (peak > MostBytes)
            {
                problems.Add($"Inputs {from} to {to} took {peak >> 20} MiB.");
            }

            return to;
        }

        var last = worker.Lines.LastOrDefault(line => line.StartsWith("read ", StringComparison.Ordinal));
        problems.Add($"{(hung ? $"No word for {Silence.TotalSeconds:0} s" : $"The process ended with {worker.ExitCode}")} (seed {seed}) after '{last}': {string.Join(" | ", worker.Lines.Where(line => !IsProgress(line)).TakeLast(6))}");
        return last is null ? to : last["read ".Length..].Split(',').Max(number => int.Parse(number, CultureInfo.InvariantCulture)) + 1;
    }

    private static bool IsProgress(string line) => line.StartsWith("read ", StringComparison.Ordinal) || line.StartsWith("done ", StringComparison.Ordinal) || line == WorkerProcess.ReadyLine;
}
