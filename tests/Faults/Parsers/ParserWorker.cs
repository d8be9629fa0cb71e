using System.Diagnostics;
using System.Globalization;
using Pipeline.Faults.Lakes;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion;

namespace Pipeline.Faults.Parsers;

/// <summary>Reads damaged inputs in a process of its own: native code that crashes takes its process with it. It says which input is being read.</summary>
internal static class ParserWorker
{
    /// <summary>Landing files that are read together.</summary>
    private const int FilesAtOnce = 16;
    private const int LongestShown = 300;
    private static readonly TimeSpan InputDeadline = TimeSpan.FromSeconds(20);

    /// <summary>Whether an error, though declared, is DuckDB's confession of a defect.</summary>
    public static bool IsDefect(Exception error) => error is not LakehouseException || error is DuckDbException { Kind: DuckDbErrorKind.Internal or DuckDbErrorKind.Fatal };

    public static async Task RunAsync(int seed, int from, int to, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("parsers-").FullName;
        try
        {
            var corpus = await ParserCorpus.CreateAsync(folder);
            using var engine = new Engine(new EngineOptions { ScratchFolder = Path.Combine(folder, "engine") });
            var targets = new ParserTargets(corpus, engine, folder);
            Console.WriteLine(WorkerProcess.ReadyLine);
            foreach (var batch in Batches(corpus, seed, from, to))
            {
                // Only where files that were read together fail, each is read by itself.
                if (batch.Count == 1 || await ReadAsync(targets, batch, cancellationToken) is not null)
                {
                    foreach (var input in batch)
                    {
                        await TellAsync(targets, [input], cancellationToken);
                    }
                }

                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"done {batch.Count}"));
            }

            using var self = Process.GetCurrentProcess();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"peak {self.PeakWorkingSet64}"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<List<ParserInput>> Batches(ParserCorpus corpus, int seed, int from, int to)
    {
        var files = new List<ParserInput>();
        for (var number = from; number < to; number++)
        {
            var input = ParserInput.Of(corpus, seed, number);
            if (!ParserCorpus.Files.Contains(input.Kind))
            {
                yield return [input];
            }
            else
            {
                files.Add(input);
                if (files.Count == FilesAtOnce)
                {
                    yield return files;
                    files = [];
                }
            }
        }

        if (files.Count > 0)
        {
            yield return files;
        }
    }

    private static async Task TellAsync(ParserTargets targets, List<ParserInput> inputs, CancellationToken cancellationToken)
    {
        if (await ReadAsync(targets, inputs, cancellationToken) is { } error)
        {
            var content = Convert.ToBase64String(inputs[0].Content.AsSpan(0, Math.Min(LongestShown, inputs[0].Content.Length)));
            Console.WriteLine($"FAIL {inputs[0]}, {content}: {error.GetType().Name}: {string.Join(" | ", error.ToString().Split('\n').Take(8).Select(line => line.Trim()))}");
        }
    }

    /// <returns>What was thrown that must not be; null is well.</returns>
    private static async Task<Exception?> ReadAsync(ParserTargets targets, IReadOnlyList<ParserInput> inputs, CancellationToken cancellationToken)
    {
        Console.WriteLine($"read {string.Join(',', inputs.Select(input => input.Number.ToString(CultureInfo.InvariantCulture)))}");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(InputDeadline);
        try
        {
            await targets.ReadAsync(inputs, deadline.Token);
            return null;
        }
        catch (LakehouseException error) when (!IsDefect(error) && !ParserCorpus.Files.Contains(inputs[0].Kind))
        {
            return null;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            return error;
        }
    }
}
