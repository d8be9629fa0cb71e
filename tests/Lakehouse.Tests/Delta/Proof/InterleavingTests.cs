using System.Globalization;

namespace Pipeline.Lakehouse.Tests.Delta.Proof;

/// <summary>Every ordered pair of operations: the first is stopped at a place, the second runs to its end, the first is released. What the table is then is what one
/// after the other would have made of it, or the first is declared void, exactly where docs/lakehouse.md says so.</summary>
public sealed class InterleavingTests(SerialOrders serial) : IClassFixture<SerialOrders>
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Every pair is played with the first stopped before it takes effect; at the other places every n-th: environment variable PIPELINE_TEST_EVERY_PAIR, by default 3, 1 for all.</summary>
    private static readonly int Every = int.Parse(Environment.GetEnvironmentVariable("PIPELINE_TEST_EVERY_PAIR") ?? "3", CultureInfo.InvariantCulture);

    public static TheoryData<string, Place> Cases =>
        [.. from operation in Operations.All
            from place in new[] { Place.Read, Place.Effect, Place.Checkpoint }
            where place switch { Place.Read => TakesFiles(operation), Place.Checkpoint => operation.Kind != Kind.None, _ => true }
            select (operation.Name, place)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Pair_FirstStoppedWhileSecondRuns_IsSerialOrDeclaredVoid(string name, Place place)
    {
        var first = Operations.Of(name);
        var problems = new List<string>();
        var number = Operations.All.ToList().IndexOf(first);
        var seconds = Operations.All.Where((_, index) => place == Place.Effect || (number + (2 * index)) % Every == 0);
        foreach (var second in seconds.Where(operation => place == Place.Effect || TakesFiles(operation)))
        {
            problems.AddRange((await PlayAsync(first, place, second)).Select(problem => $"{first} stopped at {place}, {second}: {problem}"));
        }

        Assert.Empty(problems);
    }

    // Before it has read anything, and after its entry is put, an operation has to fear only those that take files away.
    private static bool TakesFiles(Operation operation) => operation.Kind == Kind.None || operation.Removes != Removes.None;

    private async Task<IReadOnlyList<string>> PlayAsync(Operation first, Place place, Operation second)
    {
        var start = await serial.StartAsync(first, place, second);
        var lake = start.Lake.Copy();
        var stop = new StopLake(lake, place);
        using var a = serial.Open("a", stop);
        using var b = serial.Open("b", new StopLake(lake, Place.None));
        if (await InterleaveAsync(first, a, stop, second, b) is not { } isVoid)
        {
            return ["the place was not reached"];
        }

        var problems = new List<string>();
        if (isVoid != (place == Place.Effect && first.IsVoidAfter(second)))
        {
            problems.Add(isVoid ? "it is void, though the documentation says that both hold" : "both hold, though the documentation says that it is void");
        }

        var (found, wrong) = await ReadAsync(lake, start, b);
        IReadOnlyList<string> expected = (place, isVoid) switch
        {
            (_, true) => await serial.ResultAsync(start, ("b", second)),
            (Place.Checkpoint, _) => await serial.ResultAsync(start, ("a", first), ("b", second)),
            _ => await serial.ResultAsync(start, ("b", second), ("a", first)),
        };
        var isSerial = found.SequenceEqual(expected) || (place == Place.Effect && !isVoid && found.SequenceEqual(await serial.ResultAsync(start, ("a", first), ("b", second))));
        return [.. problems, .. wrong, .. isSerial ? Array.Empty<string>() : [$"expected\n{string.Join('\n', expected)}\nfound\n{string.Join('\n', found)}"]];
    }

    /// <returns>Whether the first was declared void; null where it did not come to the place.</returns>
    private static async Task<bool?> InterleaveAsync(Operation first, Actor a, StopLake stop, Operation second, Actor b)
    {
        var running = Task.Run(() => first.RunAsync(a));
        await Task.WhenAny(stop.Reached, running).WaitAsync(Deadline);
        if (!stop.Reached.IsCompleted)
        {
            await running;
            return null;
        }

        await second.RunAsync(b).WaitAsync(Deadline);
        stop.Release();
        try
        {
            await running.WaitAsync(Deadline);
            return false;
        }
        catch (TransientException)
        {
            return true;
        }
    }

    /// <summary>The table by the independent reader, and what is wrong with it: files, checkpoints, or how our own reader sees it.</summary>
    private async Task<(IReadOnlyList<string> Found, IEnumerable<string> Wrong)> ReadAsync(MemoryLake lake, Start start, Actor reader)
    {
        using var copy = new TableCopy(lake, Actor.Root, serial.Session);
        var table = await copy.ReadAsync(CancellationToken.None);
        var replayed = copy.Reader.Read(useCheckpoints: false);
        var wrong = SpecFileCheck.Problems(table with { Files = [.. table.Files.Where(file => !start.Files.Contains(file.Path))] }, copy.Session).ToList();
        if (!table.Files.SequenceEqual(replayed.Files, SameFile.Instance) || table.SchemaString != replayed.SchemaString)
        {
            wrong.Add("the checkpoint says something else than the log entries");
        }

        var ours = await reader.ReadAsync();
        if (ours.Version != table.Version || !ours.Files.Select(file => file.Path).Order(StringComparer.Ordinal).SequenceEqual(table.Files.Select(file => file.Path)))
        {
            wrong.Add("our own reader sees other files");
        }

        return (table.Describe(copy.Session), wrong);
    }
}
