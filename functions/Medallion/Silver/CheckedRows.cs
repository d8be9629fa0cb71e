using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>A session in which rows of bronze are typed and have their verdict.</summary>
internal sealed class CheckedRows : IDisposable
{
    private readonly CacheLease? lease;

    private CheckedRows(DuckDbSession session, SourceDefinition source, CleanSql sql, CacheLease? lease)
    {
        (Session, Source, Sql) = (session, source, sql);
        this.lease = lease;
    }

    public DuckDbSession Session { get; }

    public SourceDefinition Source { get; }

    public CleanSql Sql { get; }

    /// <summary>Opens the rows of bronze's files in a session, which the caller keeps.</summary>
    public static async Task<CheckedRows> OpenAsync(
        LakeTables tables, DuckDbSession session, TableReader reader, SourceDefinition source, DeltaSnapshot bronze, StepWork work, CancellationToken cancellationToken)
    {
        // First, because whoever holds files of the cache must not wait for more.
        await LookUpAsync(tables, session, reader, source, work, cancellationToken);
        var lease = await reader.CreateViewAsync(session, "bronze", source.Name, bronze, LakeTables.Root(work.Pipeline, work.Table with { Layer = "bronze" }), cancellationToken);
        try
        {
            return Define(session, source, lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>The rows of a relation with bronze's columns, in a session, which the caller keeps.</summary>
    public static async Task<CheckedRows> OverAsync(
        LakeTables tables, DuckDbSession session, TableReader reader, SourceDefinition source, StepWork work, string relation, CancellationToken cancellationToken)
    {
        session.Execute($"create schema if not exists bronze; create or replace view bronze.{Lakehouse.DuckDb.Sql.Identifier(source.Name)} as select * from {relation}", cancellationToken);
        await LookUpAsync(tables, session, reader, source, work, cancellationToken);
        return Define(session, source, lease: null);
    }

    private static Task LookUpAsync(LakeTables tables, DuckDbSession session, TableReader reader, SourceDefinition source, StepWork work, CancellationToken cancellationToken)
    {
        RunTime.Define(session, work.TimeUtc);
        return Lookups.CreateAsync(tables, reader, session, source, work, cancellationToken);
    }

    private static CheckedRows Define(DuckDbSession session, SourceDefinition source, CacheLease? lease)
    {
        var sql = new CleanSql(source, session.Describe($"select * from bronze.{Lakehouse.DuckDb.Sql.Identifier(source.Name)}"));
        sql.Define(session);
        return new CheckedRows(session, source, sql, lease);
    }

    /// <summary>Tells valid rows from rejected ones and counts what becomes of them. Afterwards the views have the valid rows only, until <see cref="Rejected"/>.</summary>
    public MeasuredBatch Measure(CancellationToken cancellationToken)
    {
        var refused = Sql.Separate(Session, cancellationToken);
        var batch = BatchMeasure.Run(Session, Source, Sql, refused, cancellationToken);
        Sql.Show(Session, valid: true);
        return batch;
    }

    /// <summary>The rejected rows as SQL. Afterwards the views have these rows only: what is made of valid rows is written before.</summary>
    public string Rejected(StepWork work)
    {
        Sql.Show(Session, valid: false);
        return Sql.Rejected(work);
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
    public void Dispose() => lease?.Dispose();
}
