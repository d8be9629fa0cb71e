using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Makes a source's silver and rejected tables from its bronze table: types, checks, one row per key.</summary>
/// <remarks>Three passes over the raw rows instead of one with a window over all of them: memory stays bounded, whatever the number of rows.</remarks>
internal sealed class SourceCleaner(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer)
{
    /// <summary>Cleans a source.</summary>
    /// <param name="declared">The source as the definition has it.</param>
    /// <param name="work">The step, with the version of bronze to read.</param>
    /// <param name="definition">Hash of the step's definition.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TerminalException">A rule that fails the step was broken, or the books do not balance.</exception>
    public async Task<StepOutcome> CleanAsync(SourceDefinition declared, StepWork work, string definition, string invocation, CancellationToken cancellationToken)
    {
        var bronzeKey = work.Table with { Layer = "bronze" };
        var rejectedKey = work.Table with { Layer = "rejected" };
        var inputs = await StepInputs.ReadAsync(tables, work, [bronzeKey], cancellationToken);
        var silver = tables.Open(work.Pipeline, work.Table);
        var rejected = tables.Open(work.Pipeline, rejectedKey);
        var (silverNow, rejectedNow) = (await silver.ReadAsync(null, cancellationToken), await rejected.ReadAsync(null, cancellationToken));
        if (inputs.IsDone(silverNow, work, definition) is { } status && silverNow is not null && rejectedNow is not null)
        {
            return StepOutcome.Of(work.Table, status, StepState.Of(silverNow, work.Table)?.Rows, (work.Table, silverNow.Version), (rejectedKey, rejectedNow.Version));
        }

        var bronze = inputs.Snapshots[bronzeKey];
        using var session = engine.OpenSession();
        using var lease = await reader.CreateViewAsync(session, "bronze", declared.Name, bronze, LakeTables.Root(work.Pipeline, bronzeKey), cancellationToken);
        var source = CleanSql.WithDetected(declared, StepState.Of(bronze, bronzeKey)?.Columns ?? []);
        if (source.Columns.Count == 0)
        {
            throw new TerminalException($"Source '{source.Name}' has no columns: none are declared, and no file gave any. Declare 'columns:' or put a file that matches landing/{source.Path}.");
        }

        Models.RunTime.Define(session, work.TimeUtc);
        var sql = new CleanSql(source, session.Describe($"select * from bronze.{Sql.Identifier(source.Name)}"));
        sql.Define(session);
        var warned = Warn(session, sql, source, cancellationToken);
        var (superseded, duplicate) = FindLosers(session, sql, source, cancellationToken);

        var silverSql = sql.Silver(superseded + duplicate > 0);
        IReadOnlyList<string> partitions = source.Partition?.As ?? [];
        var added = await writer.WriteAsync(session, silverSql, silver.Root, partitions, invocation, cancellationToken);
        var refused = await writer.WriteAsync(session, sql.Rejected(work), rejected.Root, [], invocation, cancellationToken);
        var rows = new RowBooks
        {
            In = bronze.Rows,
            Inserted = added.Sum(a => a.Statistics?.Rows ?? 0),
            Superseded = superseded,
            Duplicate = duplicate,
            Rejected = refused.Sum(a => a.Statistics?.Rows ?? 0),
            Warned = warned,
        };
        rows.RequireBalance(work.Table);

        var rejectedVersion = rejectedNow is not null && rejectedNow.Files.Count == 0 && refused.Count == 0
            ? rejectedNow.Version
            : (await rejected.CommitAsync(
                new DeltaCommit
                {
                    Operation = "CLEAN",
                    Mode = CommitMode.Overwrite,
                    Schema = DeltaSchema.FromDuckDb(session.Describe(sql.Rejected(work))),
                    Add = refused,
                    Transaction = new TransactionId(work.TransactionId, work.Number),
                    Description = $"Rows of source {source.Name} that failed a rule, with the reasons",
                    ReadVersion = rejectedNow?.Version ?? -1,
                },
                cancellationToken)).Version;
        var committed = await silver.CommitAsync(
            new DeltaCommit
            {
                Operation = "CLEAN",
                Mode = CommitMode.Overwrite,
                Schema = DeltaSchema.FromDuckDb(session.Describe(silverSql)),
                PartitionColumns = partitions,
                Add = added,
                Transaction = new TransactionId(work.TransactionId, work.Number),
                Domain = new DomainState(work.StateDomain, Json.Write(new StepState { RunId = work.RunId, Definition = definition, Inputs = inputs.Identities, Rows = rows })),
                Description = $"Valid rows of source {source.Name}",
                ReadVersion = silverNow?.Version ?? -1,
                Metrics = new Dictionary<string, string> { ["runId"] = work.RunId, ["numRejectedRows"] = rows.Rejected.ToString(CultureInfo.InvariantCulture) },
            },
            cancellationToken);
        return StepOutcome.Of(work.Table, StepStatus.Succeeded, rows, (work.Table, committed.Version), (rejectedKey, rejectedVersion));
    }

    private static long Warn(DuckDbSession session, CleanSql sql, SourceDefinition source, CancellationToken cancellationToken)
    {
        var lenient = sql.Checks.Where(c => c.Otherwise != RuleOutcome.Reject).ToList();
        if (lenient.Count == 0)
        {
            return 0;
        }

        var counts = lenient.Select(c => $"count(*) filter ({c.Fails})").Append($"count(*) filter ({string.Join(" or ", lenient.Where(c => c.Otherwise == RuleOutcome.Warn).Select(c => $"({c.Fails})").DefaultIfEmpty("false"))})");
        var found = session.Query($"select {string.Join(", ", counts)} from checked where _valid", cancellationToken).Rows().Single();
        foreach (var (check, count) in lenient.Zip(found).Where(p => p.First.Otherwise == RuleOutcome.Fail && (long)(p.Second ?? 0L) > 0))
        {
            var example = session.Query($"select _file, _row from checked where _valid and {check.Fails} limit 1", cancellationToken).Rows().Single();
            throw new TerminalException(
                $"Rule '{check.Rule}' of source '{source.Name}' fails the step: {count} row(s) break it ({check.Reason}), such as record {example[1]} of landing/{example[0]}. Correct the file, or change the rule's 'otherwise'.");
        }

        return (long)(found[^1] ?? 0L);
    }

    private static (long Superseded, long Duplicate) FindLosers(DuckDbSession session, CleanSql sql, SourceDefinition source, CancellationToken cancellationToken)
    {
        if (source.Key.Count == 0)
        {
            return (0, 0);
        }

        var (repeated, losers) = sql.Duplicates();
        session.Execute(repeated, cancellationToken);
        if (session.Scalar<long>("select count(*) from repeated", cancellationToken) == 0)
        {
            return (0, 0);
        }

        session.Execute(losers, cancellationToken);
        var duplicate = session.Scalar<long>("select count(*) from losers where same", cancellationToken);
        return (session.Scalar<long>("select count(*) from losers", cancellationToken) - duplicate, duplicate);
    }
}
