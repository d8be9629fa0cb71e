using System.Globalization;
using Pipeline.Local.Emulators;
using Xunit;

namespace Pipeline.Testing;

/// <summary>One PostgreSQL server on a free loopback port, with the database <c>postgres</c>: [CollectionDefinition] with ICollectionFixture&lt;PostgresFixture&gt;.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    /// <summary>The user, who may do anything.</summary>
    public const string User = Postgres.User;

    /// <summary>The user's password, which no message may hold.</summary>
    public const string Password = "planted-secret-7Q";

    private readonly string folder = Directory.CreateTempSubdirectory("postgres-").FullName;
    private Postgres? server;

    /// <summary>Its port.</summary>
    public int Port { get; } = FreePorts.Take();

    /// <summary>The connection string, with the password.</summary>
    public string ConnectionString => ConnectionStringFor(Port);

    /// <summary>The connection string for a port that leads to it.</summary>
    public static string ConnectionStringFor(int port) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Database=postgres;Username={User};Password={Password}");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => server = await Postgres.StartAsync(folder, Port, Password, durable: false, CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await (server?.DisposeAsync() ?? ValueTask.CompletedTask);
        Directory.Delete(folder, recursive: true);
    }
}
