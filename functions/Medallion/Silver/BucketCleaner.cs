using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Keeps one row of each key of a bucket, in which all rows of its keys are, and writes them to files of silver. It commits nothing.</summary>
internal sealed class BucketCleaner(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer)
{
    /// <summary>Does a bucket.</summary>
    /// <param name="declared">The source as the definition has it.</param>
    /// <param name="work">The step with its split, the bucket as its part, and the parts that are done.</param>
    /// <param name="split">How the step was cut.</param>
    /// <param name="invocation">This attempt; names what it writes.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<LandedPart> CleanAsync(SourceDefinition declared, StepWork work, SplitStep split, string invocation, CancellationToken cancellationToken)
    {
        var folder = new RunFolder(tables.Lake, work.RunId);
        var plan = await folder.ReadAsync<CleanSplit>(RunFolder.SplitName(work.Table, split.Invocation), cancellationToken);
        var step = await CleanTables.ReadAsync(tables, work, cancellationToken);
        var source = CleanSql.WithDetected(declared, StepState.Of(step.Bronze, step.BronzeKey)?.Columns ?? []);
        var files = new List<AddFile>();
        foreach (var part in work.Landed)
        {
            files.AddRange((await folder.ReadAsync<CleanedPart>(RunFolder.ManifestName(work.Table, part), cancellationToken)).Valid);
        }

        using var session = engine.OpenSession();
        using var lease = await reader.CreateViewAsync(session, "bucket", "filled", Bucket.Snapshot(session, source, files, work.Part), folder.Rows(work.Table), cancellationToken);
        var key = CleanSql.KeyOf(source);
        session.Execute(
            $"""
            create temp table repeated as select {key} from bucket.filled group by all having count(*) > 1;
            create temp table verdicts as
                select _file, _row, {Bucket.Present}, {DeletedRows.Condition(source)} as deleted, row_number() over latest = 1 as stays, {CleanSql.ContentOf(source)} = first_value({CleanSql.ContentOf(source)}) over latest as same,
                    bool_or({Bucket.Present}) over (partition by {key}) as met
                from bucket.filled semi join repeated using ({key})
                window latest as ({CleanSql.LatestOf(source)});
            create temp table losers as select _file, _row, {Bucket.Present} from verdicts where not stays
            """,
            cancellationToken);
        var counted = session.Query(
            $"""
            select count(*) filter (not {Bucket.Present}), count(*) filter ({Bucket.Present}),
                (select count(*) from verdicts where stays and met and not {Bucket.Present} and not deleted),
                (select count(*) from verdicts where not stays and not same and not {Bucket.Present}),
                (select count(*) from verdicts where not stays and same and not {Bucket.Present}),
                (select count(*) from verdicts where not stays and {Bucket.Present})
            from bucket.filled
            """,
            cancellationToken).Rows().Single().Select(v => (long)(v ?? 0L)).ToList();

        var columns = string.Join(", ", session.Describe(CleanSql.EmptySilver(source)).Select(c => Sql.Identifier(c.Name)));
        var select = $"select {columns} from bucket.filled anti join losers using (_file, _row, {Bucket.Present})";
        var deleted = DeletedRows.Count(session, source, select, cancellationToken);
        var added = await writer.WriteAsync(session, DeletedRows.Without(source, select), step.SilverTable.Root, source.Partition?.As ?? [], invocation, cancellationToken);
        var bucket = new LandedPart(work.Part, invocation);
        var cleaned = new CleanedBucket
        {
            Add = added,
            Present = counted[1],
            Scored = Scored(session, source, plan.Models, cancellationToken),
            Rows = new RowBooks { In = counted[0], Inserted = added.Sum(a => a.Statistics?.Rows ?? 0) - (counted[1] - counted[5]) - counted[2], Updated = counted[2], Superseded = counted[3], Duplicate = counted[4], Deleted = deleted },
        };
        cleaned.Rows.RequireBalance(work.Table);
        await folder.WriteAsync(RunFolder.ManifestName(work.Table, bucket), cleaned, cancellationToken);
        return bucket;
    }

    // Rows that silver had keep what was said of them then.
    private static IReadOnlyList<ScoredRows> Scored(DuckDbSession session, SourceDefinition source, IReadOnlyDictionary<string, long> models, CancellationToken cancellationToken) =>
    [
        .. models.Select(model =>
        {
            var (cluster, anomaly) = (Sql.Identifier(ScoreColumns.Of(model.Key).First()), Sql.Identifier(ScoreColumns.Of(model.Key).Last()));
            var found = session.Query(
                $"select count({cluster}), count(*) filter ({anomaly}) from bucket.filled anti join losers using (_file, _row, {Bucket.Present}) where not {Bucket.Present} and not {DeletedRows.Condition(source)}",
                cancellationToken).Rows().Single();
            return new ScoredRows(model.Key, model.Value, (long)(found[0] ?? 0L), (long)(found[1] ?? 0L));
        }),
    ];
}
