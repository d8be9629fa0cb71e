using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Cuts a backfill that is too much for one activity: finds its keys part by part, and writes them to the run's folder, where all parts read them.</summary>
internal sealed class BackfillSplitter(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer, RowScoring scoring, CleanLimits limits)
{
    /// <summary>Cuts it.</summary>
    public async Task<StepOutcome> SplitAsync(
        SourceDefinition source, CleanTables step, DeltaSnapshot silver, DeltaSnapshot within, StepWork work, DateRange range, string invocation, CancellationToken cancellationToken)
    {
        var folder = new RunFolder(tables.Lake, work.RunId);
        var keys = new List<AddFile>();
        foreach (var (files, part) in CleanSplit.Cut(step.Bronze.Files, limits).Select((f, i) => (f, i)))
        {
            using var session = engine.OpenSession();
            using var rows = await CheckedRows.OpenAsync(tables, session, reader, source, step.Bronze with { Files = files }, work, cancellationToken);
            keys.AddRange(await writer.WriteAsync(session, new BackfillScope(session, source, range).TypedKeys, folder.Keys(work.Table), [], Name(invocation, "b", part), cancellationToken));
        }

        foreach (var (files, part) in CleanSplit.Cut(within.Files, limits).Select((f, i) => (f, i)))
        {
            using var session = engine.OpenSession();
            using var lease = await reader.CreateViewAsync(session, "present", "within", within with { Files = files }, step.SilverTable.Root, cancellationToken);
            keys.AddRange(await writer.WriteAsync(session, new BackfillScope(session, source, range).KeysOf("present.within"), folder.Keys(work.Table), [], Name(invocation, "s", part), cancellationToken));
        }

        var backfill = new SplitBackfill(range, keys);
        var split = CleanSplit.Of(
            new CleanScope { Bronze = step.Bronze, Incremental = true },
            step,
            [.. within.Files.Union(await MetAsync(source, silver, work, backfill, cancellationToken))],
            source.Key.Count > 0,
            limits) with { Backfill = backfill, Models = (await scoring.FindAsync(work.Pipeline, source, cancellationToken)).ToDictionary(m => m.Name, m => m.Version) };
        split = await new UniqueSplitter(tables, engine, reader, writer).FindAsync(source, step, split, silver: null, work, invocation, cancellationToken);
        await folder.WriteAsync(RunFolder.SplitName(work.Table, invocation), split, cancellationToken);
        return new StepOutcome { Result = new StepResult { Table = work.Table, Status = StepStatus.Running, Split = split.Announce(invocation) } };
    }

    private async Task<IReadOnlyList<AddFile>> MetAsync(SourceDefinition source, DeltaSnapshot silver, StepWork work, SplitBackfill backfill, CancellationToken cancellationToken)
    {
        using var session = engine.OpenSession();
        using var lease = await backfill.OpenKeysAsync(session, reader, source, new RunFolder(tables.Lake, work.RunId).Keys(work.Table), cancellationToken);
        var key = new BackfillScope(session, source, backfill.Range).Key;
        return KeyFilter.Of(session, key, BackfillScope.Keys, cancellationToken).Among(key, silver);
    }

    private static string Name(string invocation, string kind, int part) => string.Create(CultureInfo.InvariantCulture, $"{invocation}{kind}{part}");
}
