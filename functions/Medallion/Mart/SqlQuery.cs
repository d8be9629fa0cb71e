using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Serving;

namespace Pipeline.Medallion.Mart;

/// <summary>Answers SQL that comes from outside: one SELECT over one pipeline's tables, in a session that can reach nothing else.</summary>
public sealed class SqlQuery
{
    /// <summary>How many rows an answer has at most.</summary>
    public const int RowLimit = 10_000;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);
    private readonly TableCatalog catalog;
    private readonly Engine engine;
    private readonly TableReader reader;
    private readonly QueryGate gate;
    private readonly TimeProvider clock;

    internal SqlQuery(TableCatalog catalog, Engine engine, TableReader reader, QueryGate gate, TimeProvider clock) =>
        (this.catalog, this.engine, this.reader, this.gate, this.clock) = (catalog, engine, reader, gate, clock);

    /// <summary>Runs a SELECT.</summary>
    /// <param name="pipeline">Whose tables it may read.</param>
    /// <param name="sql">The SELECT; tables are named <c>layer.name</c>.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <exception cref="QueryException">It is not one SELECT, reads something else than tables of the pipeline, fails, or takes more than 30 seconds.</exception>
    /// <exception cref="UnknownTableException">It reads a table that is not there.</exception>
    public async Task<QueryAnswer> RunAsync(string pipeline, string sql, CancellationToken cancellationToken)
    {
        var begun = clock.GetTimestamp();
        using var place = await gate.EnterAsync(TimeLimit, cancellationToken);
        using var deadline = new CancellationTokenSource(TimeLimit, clock);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        using var session = engine.OpenSession();
        var leases = new List<CacheLease>();
        try
        {
            var statement = SelectStatement.Parse(session, sql, boundSizes: true);
            foreach (var name in statement.Tables.Distinct())
            {
                var table = TableKey.TryParse(TableKey.Of(name).ToString(), out var parsed)
                    ? parsed
                    : throw new UnknownTableException($"'{name}' is not a table: name it layer.name, with layer one of {string.Join(", ", TableKey.Layers)}.");
                var snapshot = await catalog.SnapshotAsync(pipeline, table, null, limited.Token);
                leases.Add(await reader.CreateViewAsync(session, table.Layer, table.Name, snapshot, LakeTables.Root(pipeline, table), limited.Token));
            }

            session.LockDown([.. leases.SelectMany(l => l.LocalFiles)]);
            using var result = session.Query(statement, limited.Token);
            return QueryAnswer.Read(result, RowLimit) with { Seconds = Math.Round(clock.GetElapsedTime(begun).TotalSeconds, 3) };
        }
        catch (OperationCanceledException error) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new QueryException($"The query took longer than {TimeLimit.TotalSeconds} s and was stopped: narrow it, or build a model of it.", error);
        }
        catch (DuckDbException error)
        {
            throw new QueryException(error.Message, error);
        }
        finally
        {
            leases.ForEach(l => l.Dispose());
        }
    }
}
