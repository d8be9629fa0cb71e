using System.Text.Json;
using Pipeline.Lakehouse.DuckDb.Native;

namespace Pipeline.Lakehouse.DuckDb;

public sealed partial class DuckDbSession
{
    /// <summary>Runs all statements of <paramref name="sql"/>.</summary>
    /// <returns>Rows that the last one inserted, changed, deleted or copied; 0 for any other statement.</returns>
    /// <exception cref="DuckDbException">A statement was refused or failed; the ones before it stand.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> interrupted it.</exception>
    public long Execute(string sql, CancellationToken cancellationToken = default)
    {
        using var interruption = Begin(sql, cancellationToken);
        using var statements = Extract(sql, interruption, out var count);
        var changed = 0UL;
        for (var i = 0UL; i < count; i++)
        {
            using var prepared = Prepare(statements, i, interruption);
            var result = Run(prepared, streamed: false, interruption);
            changed = NativeMethods.RowsChanged(ref result);
            NativeMethods.DestroyResult(ref result);
        }

        return (long)changed;
    }

    /// <summary>Starts one statement; its rows come as they are read. Cancelling stops it at any time until the result is disposed.</summary>
    /// <inheritdoc cref="Execute(string, CancellationToken)"/>
    public DuckDbResult Query(string sql, CancellationToken cancellationToken = default) => Query(sql, [], cancellationToken);

    /// <param name="sql">One statement with the parameters <c>$1</c>, <c>$2</c> … or <c>?</c>.</param>
    /// <param name="parameters">Values of the types that <see cref="DuckDbResult"/> lists, nested ones excepted.</param>
    /// <inheritdoc cref="Query(string, CancellationToken)"/>
    public DuckDbResult Query(string sql, IReadOnlyList<object?> parameters, CancellationToken cancellationToken = default) =>
        Query(sql, parameters, expected: null, cancellationToken);

    private DuckDbResult Query(string sql, IReadOnlyList<object?> parameters, StatementType? expected, CancellationToken cancellationToken)
    {
        var interruption = Begin(sql, cancellationToken);
        try
        {
            using var prepared = PrepareOne(sql, interruption);
            if (expected is not null && NativeMethods.PreparedStatementType(prepared) is var found && found != expected)
            {
                throw new DuckDbException(DuckDbErrorKind.Permission, $"A {expected} statement was expected, found {found}.");
            }

            Bind(prepared, parameters, interruption);
            return reading = new DuckDbResult(this, Run(prepared, streamed: true, interruption), interruption);
        }
        catch
        {
            interruption.Dispose();
            throw;
        }
    }

    /// <summary>Binds and plans one statement, to be run often.</summary>
    /// <param name="sql">One statement with the parameters <c>$1</c>, <c>$2</c> … or <c>?</c>.</param>
    /// <exception cref="DuckDbException">It cannot be bound.</exception>
    public DuckDbStatement Prepare(string sql)
    {
        using var interruption = Begin(sql, CancellationToken.None);
        return new DuckDbStatement(this, sql, PrepareOne(sql, interruption));
    }

    /// <summary>Makes plans that hold whatever values tables come to have: what <see cref="Prepare(string)"/> gives can then be run as rows come and go.</summary>
    public void PlanWithoutValues()
    {
        isSpent = true;
        Execute("SET disabled_optimizers = 'statistics_propagation,compressed_materialization'");
    }

    internal long Execute(PreparedHandle prepared, string sql, IReadOnlyList<object?> parameters, CancellationToken cancellationToken)
    {
        using var interruption = Begin(sql, cancellationToken);
        Bind(prepared, parameters, interruption);
        var result = Run(prepared, streamed: false, interruption);
        var changed = NativeMethods.RowsChanged(ref result);
        NativeMethods.DestroyResult(ref result);
        return (long)changed;
    }

    internal DuckDbResult Query(PreparedHandle prepared, string sql, IReadOnlyList<object?> parameters, CancellationToken cancellationToken)
    {
        var interruption = Begin(sql, cancellationToken);
        try
        {
            Bind(prepared, parameters, interruption);
            return reading = new DuckDbResult(this, Run(prepared, streamed: true, interruption), interruption);
        }
        catch
        {
            interruption.Dispose();
            throw;
        }
    }

    /// <summary>The first column of the first row; default if there is none or it is NULL.</summary>
    /// <inheritdoc cref="Execute(string, CancellationToken)"/>
    public T? Scalar<T>(string sql, CancellationToken cancellationToken = default)
    {
        using var result = Query(sql, cancellationToken);
        return result.Read() ? result.Get<T>(0) : default;
    }

    /// <summary>The columns that a SELECT would give; it is bound, not run.</summary>
    /// <exception cref="DuckDbException">It cannot be bound.</exception>
    public IReadOnlyList<DuckDbColumn> Describe(string selectSql)
    {
        const string Prefix = "DESCRIBE ";
        try
        {
            using var result = Query(Prefix + selectSql);
            return [.. result.Rows().Select(row => new DuckDbColumn(row[0] as string ?? "", row[1] as string ?? ""))];
        }
        catch (DuckDbException failure) when (failure.Position is { } position)
        {
            throw new DuckDbException(failure.Kind, failure.Message, Math.Max(0, position - Prefix.Length), failure);
        }
    }

    internal void Ended(DuckDbResult result)
    {
        if (ReferenceEquals(reading, result))
        {
            reading = null;
        }
    }

    /// <summary>A second statement would cut the rows of the first short, without an error.</summary>
    private Interruption Begin(string sql, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(connection.IsClosed, this);
        cancellationToken.ThrowIfCancellationRequested();
        return reading is null
            ? new Interruption(connection, Sql.Whole(sql), cancellationToken)
            : throw new InvalidOperationException("The session's last result is still being read: read it to the end or dispose it first.");
    }

    private StatementsHandle Extract(string sql, Interruption interruption, out ulong count)
    {
        count = NativeMethods.ExtractStatements(connection, sql, out var statements);
        if (count == 0 && NativeText.Borrowed(NativeMethods.ExtractStatementsError(statements)) is { Length: > 0 } error)
        {
            statements.Dispose();
            throw ParserFailure(sql, error);
        }

        return statements;
    }

    /// <summary>The parser's error comes as plain text; the JSON extension gives the same one with its position.</summary>
    private DuckDbException ParserFailure(string sql, string text)
    {
        using var result = Query("SELECT json_serialize_sql($1::VARCHAR)", [sql]);
        using var error = JsonDocument.Parse(result.Read() && result[0] is string json ? json : "{}", SelectStatement.TreeOptions);
        return error.RootElement.TryGetProperty("error_message", out var message)
            ? new DuckDbException(DuckDbErrorKind.Parser, $"Parser error: {message.GetString()}", DuckDbException.PositionIn(error.RootElement, sql))
            : new DuckDbException(DuckDbErrorKind.Parser, text);
    }

    private PreparedHandle PrepareOne(string sql, Interruption interruption)
    {
        using var statements = Extract(sql, interruption, out var count);
        return count == 1
            ? Prepare(statements, 0, interruption)
            : throw new DuckDbException(DuckDbErrorKind.Syntax, $"One SQL statement was expected, {count} were found.");
    }

    private PreparedHandle Prepare(StatementsHandle statements, ulong index, Interruption interruption)
    {
        if (NativeMethods.PrepareExtractedStatement(connection, statements, index, out var prepared) == State.Success)
        {
            return prepared;
        }

        using (prepared)
        {
            throw interruption.Failure(NativeText.Borrowed(NativeMethods.PrepareError(prepared)));
        }
    }

    private static NativeResult Run(PreparedHandle prepared, bool streamed, Interruption interruption)
    {
        var state = streamed ? NativeMethods.PendingPreparedStreaming(prepared, out var pending) : NativeMethods.PendingPrepared(prepared, out pending);
        using (pending)
        {
            if (state != State.Success)
            {
                throw interruption.Failure(NativeText.Borrowed(NativeMethods.PendingError(pending)));
            }

            // An interrupt that came before this point was forgotten; from here on it sticks.
            interruption.Token.ThrowIfCancellationRequested();
            if (Work(pending) == PendingState.Error)
            {
                throw interruption.Failure(NativeText.Borrowed(NativeMethods.PendingError(pending)));
            }

            if (NativeMethods.ExecutePending(pending, out var result) == State.Success)
            {
                return result;
            }

            var error = NativeText.Borrowed(NativeMethods.ResultError(ref result));
            NativeMethods.DestroyResult(ref result);
            throw interruption.Failure(error);
        }
    }

    // Takes part until the result is there. While only others have work, DuckDB's own loop would ask for more without a pause, and take the processor from them.
    private static PendingState Work(PendingHandle pending)
    {
        var waiting = new SpinWait();
        while (true)
        {
            var state = NativeMethods.ExecutePendingTask(pending);
            if (state is PendingState.Ready or PendingState.Error)
            {
                return state;
            }

            if (state == PendingState.NoTask)
            {
                waiting.SpinOnce();
            }
            else
            {
                waiting.Reset();
            }
        }
    }
}
