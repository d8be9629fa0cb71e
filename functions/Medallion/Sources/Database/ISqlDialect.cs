using System.Data.Common;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>What differs between databases: how they are reached, their SQL, their types, and how rows come out of them.</summary>
internal interface ISqlDialect
{
    /// <summary>What a connection string says in <c>Provider=</c>.</summary>
    string Provider { get; }

    /// <summary>A connection that is not open yet.</summary>
    /// <param name="connectionString">The connection string, without <c>Provider=</c>.</param>
    /// <param name="secrets">Receives what no message may hold.</param>
    /// <exception cref="ArgumentException">It is none.</exception>
    /// <exception cref="Lakehouse.TerminalException">It would talk to another machine without TLS.</exception>
    DbConnection Connect(string connectionString, ICollection<string> secrets);

    /// <summary>Begins a transaction that only reads, and in which all statements see the same rows. Times are UTC in it.</summary>
    Task<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>A name as an identifier.</summary>
    string Identifier(string name);

    /// <summary>A value of a column, as <see cref="TextOf"/> gave it, as a literal that compares as the column does.</summary>
    string Literal(SqlColumn column, string text);

    /// <summary>An expression of the column's type as text: sortable only by the database, but exact.</summary>
    string TextOf(SqlColumn column, string expression);

    /// <summary>A time, less a length of time.</summary>
    string Before(SqlColumn column, string literal, TimeSpan span);

    /// <summary>True of rows whose value is no point between others: a missing or an infinite one.</summary>
    string HasNoPlace(SqlColumn column, string expression);

    /// <summary>The columns of a SELECT, and what becomes of them.</summary>
    Task<IReadOnlyList<SqlColumn>> DescribeAsync(DbConnection connection, DbTransaction transaction, string select, CancellationToken cancellationToken);

    /// <summary>Reads the rows of a SELECT.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="transaction">Its transaction.</param>
    /// <param name="select">The SELECT; its columns are those of <paramref name="rows"/>.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">Receives the rows.</param>
    /// <param name="full">Takes a batch that is full, and begins the next.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    Task ReadAsync(DbConnection connection, DbTransaction transaction, string select, IReadOnlyList<SqlColumn> columns, WireTable rows, Func<Task> full, CancellationToken cancellationToken);

    /// <summary>Whether a failure may pass.</summary>
    bool IsTransient(Exception error);
}
