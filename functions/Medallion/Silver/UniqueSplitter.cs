using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Finds the rows that have lost their <c>unique</c> values to earlier ones before a clean step is done in parts: no part sees all rows.</summary>
internal sealed class UniqueSplitter(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer)
{
    /// <summary>Finds them part by part, and writes them to the run's folder, where all parts read them.</summary>
    /// <param name="source">The source.</param>
    /// <param name="step">The step's tables.</param>
    /// <param name="split">How the step is cut.</param>
    /// <param name="silver">What of silver stays; null: nothing.</param>
    /// <param name="work">The step.</param>
    /// <param name="invocation">This attempt; names the files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<CleanSplit> FindAsync(
        SourceDefinition source, CleanTables step, CleanSplit split, DeltaSnapshot? silver, StepWork work, string invocation, CancellationToken cancellationToken)
    {
        var columns = UniqueValues.Of(source).ToList();
        if (columns.Count == 0)
        {
            return split;
        }

        var folder = new RunFolder(tables.Lake, work.RunId).Unique(work.Table);
        var files = columns.ToDictionary(c => c.Index, _ => new List<AddFile>());
        var shapes = new Dictionary<int, string>();
        foreach (var (part, number) in split.Parts.Select((p, i) => (p, i)))
        {
            using var session = engine.OpenSession();
            using var rows = await CheckedRows.OpenAsync(tables, session, reader, source, step.Bronze with { Files = part }, work, cancellationToken);
            foreach (var (column, index) in columns)
            {
                shapes[index] = $"select {string.Join(", ", session.Describe(UniqueValues.Candidates(source, column)).Select(c => $"null::{c.Type} as {c.Name}"))} where false";
                files[index].AddRange(await writer.WriteAsync(session, UniqueValues.Candidates(source, column), folder, [], Name($"{invocation}c", index, number), cancellationToken));
            }
        }

        using var all = engine.OpenSession();
        foreach (var (_, index) in columns)
        {
            all.Execute(UniqueValues.Empty(index), cancellationToken);
            await GatherAsync(all, Name("candidates", index, 0), shapes.GetValueOrDefault(index), files[index], folder, cancellationToken);
        }

        await UniqueValues.FindAsync(all, reader, source, silver, step.SilverTable.Root, (_, index) => $"select * from {Name("candidates", index, 0)}", cancellationToken);
        var losers = new List<AddFile>();
        foreach (var (_, index) in columns)
        {
            losers.AddRange(await writer.WriteAsync(all, string.Create(CultureInfo.InvariantCulture, $"select {index}::integer as place, _file, _row from {UniqueValues.NameOf(index)}"), folder, [], Name($"{invocation}u", index, 0), cancellationToken));
        }

        return split with { Unique = losers };
    }

    // Into a table of the session, which spills: whoever holds files of the cache must not wait for more.
    private async Task GatherAsync(DuckDbSession session, string name, string? shape, IReadOnlyList<AddFile> files, LakePath folder, CancellationToken cancellationToken)
    {
        shape ??= "select null::varchar as value, null::varchar as key, null::timestamptz as _ingested_at, null::varchar as _file, null::bigint as _row where false";
        var input = new TableInput("split", name, Bucket.Snapshot(session, shape, [], files), folder);
        using var views = await reader.CreateViewsAsync(session, await reader.PlanAsync(session, [input], $"select * from split.{name}", cancellationToken), cancellationToken);
        session.Execute($"create temp table {name} as select * from split.{name}", cancellationToken);
    }

    private static string Name(string kind, int column, int part) => string.Create(CultureInfo.InvariantCulture, $"{kind}{column}x{part}");
}
