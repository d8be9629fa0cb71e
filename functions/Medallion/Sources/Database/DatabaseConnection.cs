using System.Data.Common;
using System.Net.Sockets;
using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>An open connection to a database that the app's settings name. What the driver says of a failure passes through here, so that no message holds a secret.</summary>
internal sealed class DatabaseConnection : IAsyncDisposable
{
    private const string Hidden = "***";
    private readonly string name;
    private readonly string advice;
    private readonly IReadOnlyList<string> secrets;

    private DatabaseConnection(DbConnection connection, ISqlDialect dialect, string name, string advice, IReadOnlyList<string> secrets) =>
        (Connection, Dialect, this.name, this.advice, this.secrets) = (connection, dialect, name, advice, secrets);

    /// <summary>The driver's connection.</summary>
    public DbConnection Connection { get; }

    /// <summary>The database's SQL.</summary>
    public ISqlDialect Dialect { get; }

    /// <summary>Connects.</summary>
    /// <param name="connections">The settings.</param>
    /// <param name="dialects">The databases that are known.</param>
    /// <param name="name">The connection's name.</param>
    /// <param name="advice">What to do where the database refuses something.</param>
    /// <param name="cancellationToken">Ends the connecting.</param>
    /// <exception cref="TransientException">The database does not answer.</exception>
    /// <exception cref="TerminalException">There is no such connection, or the database refuses it. No message holds its secrets.</exception>
    public static async Task<DatabaseConnection> OpenAsync(Connections connections, IEnumerable<ISqlDialect> dialects, string name, string advice, CancellationToken cancellationToken)
    {
        var text = connections.Find(name);
        var secrets = new List<string> { text };
        var (connection, dialect) = Connect(dialects, name, text, secrets);
        var database = new DatabaseConnection(connection, dialect, name, advice, [.. secrets.Where(s => s.Length > 3)]);
        try
        {
            await database.GuardAsync("a connection", async () => await connection.OpenAsync(cancellationToken), cancellationToken);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <summary>Does what may fail at the database.</summary>
    /// <param name="what">What it is asked for, for messages.</param>
    /// <param name="call">Does it.</param>
    /// <param name="cancellationToken">The token that <paramref name="call"/> goes by.</param>
    /// <inheritdoc cref="OpenAsync" path="/exception"/>
    public async Task GuardAsync(string what, Func<Task> call, CancellationToken cancellationToken)
    {
        try
        {
            await call();
        }
        catch (Exception error) when (error is DbException or IOException or SocketException or TimeoutException or InvalidDataException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw Dialect.IsTransient(error) || error is OperationCanceledException
                ? new TransientException($"The database of connection '{name}' did not answer, or broke off, while it was asked for {what} ({Describe(error)}). It may pass.")
                : new TerminalException($"The database of connection '{name}' refuses {what} ({Describe(error)}). {advice}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Connection.DisposeAsync();
        }
        catch (Exception error) when (error is DbException or IOException or InvalidOperationException)
        {
            // What was to stay is committed: a connection that is gone has nothing left to end.
        }
    }

    private static (DbConnection Connection, ISqlDialect Dialect) Connect(IEnumerable<ISqlDialect> dialects, string name, string text, List<string> secrets)
    {
        try
        {
            var settings = new DbConnectionStringBuilder { ConnectionString = text };
            var provider = settings.TryGetValue("Provider", out var value) ? $"{value}" : PostgreSqlDialect.Name;
            settings.Remove("Provider");
            var dialect = dialects.FirstOrDefault(d => d.Provider.Equals(provider, StringComparison.OrdinalIgnoreCase))
                ?? throw new TerminalException($"its Provider is none that is known: expected {string.Join(", ", dialects.Select(d => d.Provider))}");
            return (dialect.Connect(settings.ConnectionString, secrets), dialect);
        }
        catch (TerminalException error)
        {
            throw new TerminalException($"The setting Connections__{name} cannot be used: {error.Message}.");
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            // The driver's words may repeat the text.
            throw new TerminalException($"The setting Connections__{name} is no connection string: expected KEY=VALUE;… such as Host=db.example.com;Database=northwind;Username=reader;Password=….");
        }
    }

    // Without the driver's exception itself: nobody knows what it carries.
    private string Describe(Exception error)
    {
        var code = error is DbException { SqlState: { Length: > 0 } state } ? state : error.GetType().Name;
        var text = error.Message.StartsWith($"{code}: ", StringComparison.Ordinal) ? error.Message : $"{code}: {error.Message}";
        return secrets.Aggregate(text, (shown, secret) => shown.Replace(secret, Hidden, StringComparison.Ordinal)).ReplaceLineEndings(" ");
    }
}
