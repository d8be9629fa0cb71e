using System.Diagnostics;
using System.Globalization;
using Pipeline.Faults.Storage;
using Pipeline.LakeTesting;

namespace Pipeline.Faults.Lakes;

/// <summary>How a contention came out.</summary>
/// <param name="Commits">Versions in the log.</param>
/// <param name="Rows">Rows by the independent reader.</param>
/// <param name="Time">From the first process' first commit to the last one's end.</param>
/// <param name="Problems">What is not as it should be.</param>
public sealed record ContentionResult(int Commits, int Rows, TimeSpan Time, IReadOnlyList<string> Problems);

/// <summary>Processes that append to one table at the same time.</summary>
public static class Contention
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(2);

    /// <summary>Every process makes its appends, one row and one commit each; then the table is read by the reader that knows only the specification.</summary>
    public static async Task<ContentionResult> PlayAsync(Emulator emulator, int processes, int appends, CancellationToken cancellationToken)
    {
        var (lake, environment) = await WorkedTable.CreateAsync(emulator, cancellationToken);
        var workers = Enumerable.Range(0, processes).Select(writer => WorkerProcess.Start(ContentionCommand.Worker, environment, writer, appends)).ToList();
        try
        {
            await Task.WhenAll(workers.Select(worker => worker.SaidAsync(WorkerProcess.ReadyLine, 1, StartDeadline)));
            var begun = Stopwatch.StartNew();
            await Task.WhenAll(workers.Select(worker => worker.Exited)).WaitAsync(cancellationToken);
            var time = begun.Elapsed;
            var problems = workers.Where(worker => worker.ExitCode != 0).Select(worker => $"A process ended with {worker.ExitCode}: {string.Join('\n', worker.Lines.TakeLast(3))}").ToList();

            using var copy = new TableCopy(lake, WorkedTable.Root);
            var table = await copy.ReadAsync(cancellationToken);
            var expected = Enumerable.Range(0, processes).SelectMany(writer => Enumerable.Range(0, appends).Select(number => Text((writer * 1_000_000L) + number))).ToList();
            var found = table.Query(copy.Session, "SELECT id FROM rows");
            problems.AddRange(expected.Except(found).Select(id => $"Row {id} is missing."));
            problems.AddRange(found.CountBy(id => id).Where(entry => entry.Value > 1).Select(entry => $"Row {entry.Key} is there {entry.Value} times."));
            problems.AddRange(found.Except(expected).Select(id => $"Row {id} was never written."));
            problems.AddRange(SpecFileCheck.Problems(table, copy.Session));
            if (!copy.Reader.Versions().SequenceEqual(Enumerable.Range(0, processes * appends).Select(version => (long)version)))
            {
                problems.Add($"The log has {copy.Reader.Versions().Count} versions, {processes * appends} commits were made.");
            }

            if (!copy.Reader.Read(useCheckpoints: false).Describe(copy.Session).SequenceEqual(table.Describe(copy.Session)))
            {
                problems.Add("The newest checkpoint and the log entries tell different tables.");
            }

            return new ContentionResult(copy.Reader.Versions().Count, found.Count, time, problems);
        }
        finally
        {
            foreach (var worker in workers)
            {
                await worker.DisposeAsync();
            }
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
