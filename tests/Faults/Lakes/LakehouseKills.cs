using System.Diagnostics;
using System.Globalization;
using Pipeline.Faults.Storage;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.LakeTesting;

namespace Pipeline.Faults.Lakes;

/// <summary>How many kills came out.</summary>
/// <param name="Kills">How many there were.</param>
/// <param name="At">What was going on at the kills, and how often.</param>
/// <param name="Acknowledged">Appends whose success was told.</param>
/// <param name="Unacknowledged">Appends that are in the table though the process was killed before it could tell.</param>
/// <param name="Versions">Versions of the table in the end.</param>
/// <param name="Problems">What is not as it should be.</param>
public sealed record KillsResult(int Kills, IReadOnlyDictionary<string, int> At, int Acknowledged, int Unacknowledged, int Versions, IReadOnlyList<string> Problems);

/// <summary>A process that appends, packs, vacuums and checkpoints is killed at random moments, and after each the table is read by the reader that knows only the
/// specification: it is readable, nothing is lost that was acknowledged, nothing is there twice.</summary>
public sealed class LakehouseKills(Emulator emulator, int seed)
{
    // The first operations of a process are slow: code is compiled.
    private const int MostOperations = 8;
    private const double LatestOperation = 1.5;
    private const int IdsPerLife = 1_000_000;
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);
    private readonly Random random = new(seed);
    private readonly HashSet<string> tried = [];
    private readonly HashSet<string> acknowledged = [];
    private readonly HashSet<string> checkedFiles = [];
    private readonly Dictionary<string, int> at = [];
    private readonly List<string> problems = [];

    /// <summary>Kills and looks, again and again.</summary>
    public async Task<KillsResult> PlayAsync(int kills, Action<string> tell, CancellationToken cancellationToken)
    {
        var (lake, account) = await WorkedTable.CreateAsync(emulator, cancellationToken);

        // Who is killed leaves its scratch files.
        var scratch = Directory.CreateTempSubdirectory("lakehouse-kills-").FullName;
        try
        {
            return await PlayAsync(lake, new Dictionary<string, string>(account) { ["TMPDIR"] = scratch }, kills, tell, cancellationToken);
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private async Task<KillsResult> PlayAsync(ILake lake, IReadOnlyDictionary<string, string> environment, int kills, Action<string> tell, CancellationToken cancellationToken)
    {
        using var copy = new TableCopy(lake, WorkedTable.Root);
        for (var kill = 1; kill <= kills; kill++)
        {
            var during = await KillAsync(environment, kill, cancellationToken);
            at[during] = at.GetValueOrDefault(during) + 1;
            var before = problems.Count;
            await CheckAsync(lake, copy, $"Kill {kill} (seed {seed}, during {during})", cancellationToken);
            problems.Skip(before).ToList().ForEach(tell);
            if (kill % 20 == 0)
            {
                tell($"{kill} kills, {acknowledged.Count} appends acknowledged, {problems.Count} problem(s).");
            }
        }

        var rows = (await copy.ReadAsync(cancellationToken)).Query(copy.Session, "SELECT id FROM rows");
        return new KillsResult(kills, at, acknowledged.Count, rows.Except(acknowledged).Count(), copy.Reader.Versions().Count, problems);
    }

    /// <returns>What the process was doing.</returns>
    private async Task<string> KillAsync(IReadOnlyDictionary<string, string> environment, int kill, CancellationToken cancellationToken)
    {
        await using var worker = WorkerProcess.Start(LakehouseCommand.Worker, environment, (long)kill * IdsPerLife, (seed * 10_000) + kill);

        // At a random moment within the time that an operation and a half take, however busy the machine is.
        await worker.SaidAsync("ack", 1, StartDeadline);
        var begun = Stopwatch.StartNew();
        var operations = random.Next(2, MostOperations);
        await worker.SaidAsync("ack", operations, StartDeadline);
        await Task.Delay(begun.Elapsed / (operations - 1) * (LatestOperation * random.NextDouble()), cancellationToken);
        await worker.KillAsync();
        foreach (var words in worker.Lines.Select(line => line.Split(' ')))
        {
            switch (words)
            {
                case ["try", "append", var id]:
                    tried.Add(id);
                    break;
                case ["ack", "append", var id]:
                    acknowledged.Add(id);
                    break;
                case ["try" or "ack", _, _] or [WorkerProcess.ReadyLine]:
                    break;
                default:
                    problems.Add($"Kill {kill} (seed {seed}): the worker said: {string.Join(' ', words)}");
                    break;
            }
        }

        return worker.Lines[^1].Split(' ') is ["try", var operation, _] ? operation : "nothing";
    }

    private async Task CheckAsync(ILake lake, TableCopy copy, string where, CancellationToken cancellationToken)
    {
        try
        {
            await copy.RefreshAsync(cancellationToken);
            var table = copy.Reader.Read();
            var rows = table.Query(copy.Session, "SELECT id FROM rows");
            problems.AddRange(acknowledged.Except(rows).Select(id => $"{where}: row {id} was acknowledged and is lost."));
            problems.AddRange(rows.CountBy(id => id).Where(entry => entry.Value > 1).Select(entry => $"{where}: row {entry.Key} is there {entry.Value} times."));
            problems.AddRange(rows.Except(tried).Select(id => $"{where}: row {id} was never written."));
            problems.AddRange(SpecFileCheck.Problems(table with { Files = [.. table.Files.Where(file => checkedFiles.Add(file.Path))] }, copy.Session).Select(problem => $"{where}: {problem}"));
            if (!copy.Reader.Read(useCheckpoints: false).Files.Select(file => file.Path).SequenceEqual(table.Files.Select(file => file.Path)))
            {
                problems.Add($"{where}: the newest checkpoint and the log entries tell different tables.");
            }

            var ours = await new DeltaTable(lake, WorkedTable.Root, TimeProvider.System).ReadAsync((long?)null, cancellationToken);
            if (ours is null || ours.Version != table.Version || ours.Rows != rows.Count)
            {
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{where}: our own reader sees version {ours?.Version} with {ours?.Rows} rows, the other one {table.Version} with {rows.Count}."));
            }
        }
        catch (Exception error) when (error is SpecViolationException or LakehouseException or IOException)
        {
            problems.Add($"{where}: the table cannot be read: {error.Message}");
        }
    }
}
