using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>One statement that is bound and planned once and run often, with other parameters each time. To be disposed before its session.</summary>
/// <remarks>DuckDB plans it anew after a table or view was created or dropped, but not as rows come and go: a plan may rest on the least and greatest value that a column had when it was made.
/// A session whose rows change between runs therefore begins with <see cref="DuckDbSession.PlanWithoutValues"/>.</remarks>
public sealed class DuckDbStatement : IDisposable
{
    private readonly DuckDbSession session;
    private readonly string sql;
    private readonly PreparedHandle prepared;

    internal DuckDbStatement(DuckDbSession session, string sql, PreparedHandle prepared) => (this.session, this.sql, this.prepared) = (session, sql, prepared);

    /// <summary>Runs it.</summary>
    /// <param name="parameters">Values as <see cref="DuckDbSession.Query(string, IReadOnlyList{object}, CancellationToken)"/> takes them.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <returns>Rows that it inserted, changed or deleted; 0 for any other statement.</returns>
    /// <exception cref="DuckDbException">It failed.</exception>
    public long Execute(IReadOnlyList<object?> parameters, CancellationToken cancellationToken) => session.Execute(prepared, sql, parameters, cancellationToken);

    /// <summary>Starts it; its rows come as they are read.</summary>
    /// <inheritdoc cref="Execute"/>
    /// <returns>The rows.</returns>
    public DuckDbResult Query(IReadOnlyList<object?> parameters, CancellationToken cancellationToken) => session.Query(prepared, sql, parameters, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => prepared.Dispose();
}
