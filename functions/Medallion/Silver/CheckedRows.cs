using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>A session in which rows of bronze are typed and have their verdict.</summary>
internal sealed class CheckedRows : IDisposable
{
    private readonly CacheLease lease;

    private CheckedRows(DuckDbSession session, SourceDefinition source, CleanSql sql, CacheLease lease)
    {
        (Session, Source, Sql) = (session, source, sql);
        this.lease = lease;
    }

    public DuckDbSession Session { get; }

    public SourceDefinition Source { get; }

    public CleanSql Sql { get; }

    /// <summary>Opens the rows of bronze's files in a session, which the caller keeps.</summary>
    public static async Task<CheckedRows> OpenAsync(
        DuckDbSession session, TableReader reader, SourceDefinition source, DeltaSnapshot bronze, StepWork work, CancellationToken cancellationToken)
    {
        var lease = await reader.CreateViewAsync(session, "bronze", source.Name, bronze, LakeTables.Root(work.Pipeline, work.Table with { Layer = "bronze" }), cancellationToken);
        try
        {
            RunTime.Define(session, work.TimeUtc);
            var sql = new CleanSql(source, session.Describe($"select * from bronze.{Lakehouse.DuckDb.Sql.Identifier(source.Name)}"));
            sql.Define(session);
            return new CheckedRows(session, source, sql, lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Counts valid rows that break a rule which only warns.</summary>
    /// <exception cref="TerminalException">A rule that fails the step is broken.</exception>
    public long Warn(CancellationToken cancellationToken)
    {
        var lenient = Sql.Checks.Where(c => c.Otherwise != RuleOutcome.Reject).ToList();
        if (lenient.Count == 0)
        {
            return 0;
        }

        var counts = lenient.Select(c => $"count(*) filter ({c.Fails})").Append($"count(*) filter ({string.Join(" or ", lenient.Where(c => c.Otherwise == RuleOutcome.Warn).Select(c => $"({c.Fails})").DefaultIfEmpty("false"))})");
        var found = Session.Query($"select {string.Join(", ", counts)} from checked where _valid", cancellationToken).Rows().Single();
        foreach (var (check, count) in lenient.Zip(found).Where(p => p.First.Otherwise == RuleOutcome.Fail && (long)(p.Second ?? 0L) > 0))
        {
            var example = Session.Query($"select _file, _row from checked where _valid and {check.Fails} limit 1", cancellationToken).Rows().Single();
            throw new TerminalException(
                $"Rule '{check.Rule}' of source '{Source.Name}' fails the step: {count} row(s) break it ({check.Reason}), such as record {example[1]} of landing/{example[0]}. Correct the file, or change the rule's 'otherwise'.");
        }

        return (long)(found[^1] ?? 0L);
    }

    /// <summary>Finds valid rows that lose to a later row of their key, as the session's table <c>losers</c>.</summary>
    /// <returns>How many have other content than the row that stays, and how many the same. Where both are 0 there is no such table.</returns>
    public (long Superseded, long Duplicate) FindLosers(CancellationToken cancellationToken)
    {
        if (Source.Key.Count == 0)
        {
            return (0, 0);
        }

        var (repeated, losers) = Sql.Duplicates();
        Session.Execute(repeated, cancellationToken);
        if (Session.Scalar<long>("select count(*) from repeated", cancellationToken) == 0)
        {
            return (0, 0);
        }

        Session.Execute(losers, cancellationToken);
        var duplicate = Session.Scalar<long>("select count(*) from losers where same", cancellationToken);
        return (Session.Scalar<long>("select count(*) from losers", cancellationToken) - duplicate, duplicate);
    }

    /// <inheritdoc/>
    public void Dispose() => lease.Dispose();
}
