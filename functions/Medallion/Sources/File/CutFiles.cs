using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Bronze;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Puts the ranges of cut files together again.</summary>
/// <remarks>A range is landed without knowing what comes before it: that it does not begin in a quoted value, and which names its JSON keys get, are judged by its
/// own bytes. Here all of them are known. What was judged wrong is landed again, and nothing of the first attempt is kept.</remarks>
internal sealed class CutFiles(FileLander lander)
{
    /// <summary>The batches, with those in place of others that were landed by a wrong guess.</summary>
    /// <param name="source">The source.</param>
    /// <param name="work">The step.</param>
    /// <param name="landed">All batches of the step.</param>
    /// <param name="invocation">This attempt; names what is landed again.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TerminalException">The ranges are not the whole of their file: a defect.</exception>
    public async Task<IReadOnlyList<LandedBatch>> JoinAsync(
        SourceDefinition source, StepWork work, IReadOnlyList<LandedBatch> landed, string invocation, CancellationToken cancellationToken)
    {
        var joined = landed.ToList();
        var again = 0;
        foreach (var cut in landed.Select((batch, place) => (Batch: batch, Place: place)).Where(b => b.Batch.Files is [{ Range: not null }]).GroupBy(b => b.Batch.Files[0].Path))
        {
            var (end, quoted, keys) = (0L, false, new List<string>());
            foreach (var (batch, place) in cut.OrderBy(b => Range(b.Batch).From))
            {
                var range = Range(batch);
                if (range.From != end)
                {
                    throw Incomplete(batch.Files[0], end);
                }

                if ((batch.Quotes?.BeganInQuotes is { } began && began != quoted) || NamesDiffer(keys, batch.Keys))
                {
                    LandedFile[] known = [batch.Files[0] with { Rows = 0, Range = range with { InQuotes = quoted, Keys = keys } }];
                    joined[place] = (await lander.LandAsync(source, work, known, string.Create(CultureInfo.InvariantCulture, $"{invocation}-again{again++}"), cancellationToken)).Single();
                }

                end = range.To;
                quoted = batch.Quotes?.After(quoted) ?? quoted;
                keys = [.. keys.Union(batch.Keys, StringComparer.Ordinal)];
            }

            Refuse(joined, [.. cut.Select(b => b.Place)]);
            if (end != cut.First().Batch.Files[0].SizeBytes)
            {
                throw Incomplete(cut.First().Batch.Files[0], end);
            }
        }

        return joined;
    }

    // What the reader refuses in a part, it refuses in the whole: where a file was cut must not tell what becomes of it.
    private static void Refuse(List<LandedBatch> joined, IReadOnlyList<int> places)
    {
        var refused = places.Where(place => joined[place].Refused).Select(place => (int?)place).FirstOrDefault();
        foreach (var place in places.Where(place => refused is not null && place != refused))
        {
            joined[place] = joined[place] with { Files = [joined[place].Files[0] with { Rows = 0 }], Add = [], Columns = [], Detected = [] };
        }
    }

    private static FileRange Range(LandedBatch batch) => batch.Files[0].Range ?? throw new InvalidOperationException("A batch of whole files is no range.");

    private static bool NamesDiffer(List<string> before, IReadOnlyList<string> keys)
    {
        var all = before.Union(keys, StringComparer.Ordinal).ToList();
        var names = all.Zip(ColumnNames.ForTable(all)).ToDictionary(n => n.First, n => n.Second, StringComparer.Ordinal);
        return keys.Zip(ColumnNames.ForTable(keys)).Any(n => names[n.First] != n.Second);
    }

    private static TerminalException Incomplete(LandedFile file, long end) =>
        new($"The ranges of landing/{file.Path} are not the whole of it: none begins at byte {end} of {file.SizeBytes}. Nothing was committed.");
}
