using Pipeline.Faults.Cases;
using Pipeline.Faults.Storage;

namespace Pipeline.Faults;

/// <summary>What the fault programme is asked to play.</summary>
internal sealed record Selection
{
    public Stage? Stage { get; init; }

    public int? Write { get; init; }

    public Moment? Moment { get; init; }

    public double? Time { get; init; }

    public int? Again { get; init; }

    public int From { get; init; } = 1;

    public int? To { get; init; }

    public int Every { get; init; } = 1;

    public int Seed { get; init; } = 1;

    public int Lanes { get; init; } = 2;
}

/// <summary>Plays many cases side by side and tells how they came out.</summary>
internal sealed class Programme(Emulator emulator, Selection selection)
{
    private const int SmallRows = 40;
    private const int LargeRows = 100_000;
    private const int LargeMoments = 20;

    // As a share of an undisturbed run's time: another run may be a little quicker.
    private const double Latest = 0.95;

    // An undisturbed run does not always take the same number of writes.
    private const int Margin = 5;

    /// <summary>Shows the writes of undisturbed runs.</summary>
    public async Task ListAsync(CancellationToken cancellationToken)
    {
        foreach (var stage in Stages())
        {
            Console.WriteLine($"{stage}:");
            (await new Rehearsal(emulator, SmallRows).UndisturbedAsync(stage, cancellationToken)).Writes.ToList().ForEach(Console.WriteLine);
        }
    }

    /// <summary>Kills at every write of a small run: before it, after it, and with the write arriving late.</summary>
    /// <returns>How many cases failed.</returns>
    public async Task<int> PlaySmallAsync(CancellationToken cancellationToken)
    {
        var failed = 0;
        var rehearsal = new Rehearsal(emulator, SmallRows);
        foreach (var stage in Stages())
        {
            var expected = await UndisturbedAsync(rehearsal, stage, cancellationToken);
            failed += await PlayAsync(rehearsal, expected, Cases(stage, expected.Writes.Count + Margin), cancellationToken);
        }

        return failed;
    }

    /// <summary>Kills at 20 random moments of a run with 200,000 orders.</summary>
    /// <returns>How many cases failed.</returns>
    public async Task<int> PlayLargeAsync(CancellationToken cancellationToken)
    {
        var random = new Random(selection.Seed);
        var rehearsal = new Rehearsal(emulator, LargeRows);
        var stage = selection.Stage ?? Stage.First;
        var expected = await UndisturbedAsync(rehearsal, stage, cancellationToken);
        var times = selection.Time is { } one ? [TimeSpan.FromSeconds(one)] : Enumerable.Range(0, LargeMoments).Select(_ => expected.Time * (Latest * random.NextDouble())).ToList();
        return await PlayAsync(rehearsal, expected, times.Select(time => new KillCase { Stage = stage, Time = time, WriteOfRecovery = selection.Again }), cancellationToken);
    }

    private static async Task<Expectation> UndisturbedAsync(Rehearsal rehearsal, Stage stage, CancellationToken cancellationToken)
    {
        var expected = await rehearsal.UndisturbedAsync(stage, cancellationToken);
        Console.WriteLine($"{stage}: {expected.Writes.Count} writes in {expected.Time.TotalSeconds:F1} s; {string.Join(", ", expected.Tables.Select(t => $"{t.Name} {t.Rows}"))}");
        return expected;
    }

    private async Task<int> PlayAsync(Rehearsal rehearsal, Expectation expected, IEnumerable<KillCase> cases, CancellationToken cancellationToken)
    {
        var failed = 0;
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = selection.Lanes, CancellationToken = cancellationToken }, async (played, stop) =>
        {
            var result = await rehearsal.PlayAsync(played, expected, stop);
            Console.WriteLine(result);
            Interlocked.Add(ref failed, result.Passed ? 0 : 1);
        });
        return failed;
    }

    private IEnumerable<Stage> Stages() => Enum.GetValues<Stage>().Where(s => selection.Stage is not { } only || only == s);

    private IEnumerable<KillCase> Cases(Stage stage, int writes)
    {
        var last = selection.Write ?? selection.To ?? writes;
        for (var write = selection.Write ?? selection.From; write <= last; write += selection.Every)
        {
            foreach (var moment in Enum.GetValues<Moment>().Where(m => selection.Moment is not { } only || only == m))
            {
                yield return new KillCase { Stage = stage, Write = write, Moment = moment, WriteOfRecovery = selection.Again };
            }
        }
    }
}
