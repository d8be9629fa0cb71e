using System.Globalization;
using Npgsql;
using Pipeline.Local.Emulators;

namespace Pipeline.Faults.Sources;

/// <summary>A shop's PostgreSQL: orders that change and are marked as deleted, items that change and go.</summary>
internal sealed class SourceShop : IAsyncDisposable
{
    private const string Password = "sources-password";
    private const int Orders = 3000;
    private const int Items = 1500;
    private readonly string folder;
    private readonly Postgres server;
    private readonly Random random;

    private SourceShop(string folder, Postgres server, int seed) => (this.folder, this.server, random) = (folder, server, new Random(seed));

    /// <summary>Its port.</summary>
    public int Port => server.Port;

    public static async Task<SourceShop> StartAsync(int seed, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-faults-shop-").FullName;
        var shop = new SourceShop(folder, await Postgres.StartAsync(folder, FreePorts.Take(), Password, durable: false, cancellationToken), seed);
        await shop.ExecuteAsync(
            $"""
            create schema mart;
            create table orders (id int primary key, customer text not null, cents bigint not null, is_deleted boolean not null default false, updated_at timestamptz not null default clock_timestamp());
            create table items (id int primary key, label text not null, cents bigint not null);
            insert into orders (id, customer, cents) select i, 'C' || i % 400, i * 7 from generate_series(1, {Orders}) i;
            insert into items select i, 'item ' || i, i * 3 from generate_series(1, {Items}) i
            """,
            cancellationToken);
        return shop;
    }

    /// <summary>The connection string by which the app reaches it through a port.</summary>
    public static string ConnectionStringFor(int port) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Database=postgres;Username={Postgres.User};Password={Password}");

    /// <summary>Inserts, changes and deletes, in a transaction each.</summary>
    public async Task ChangeAsync(int transactions, CancellationToken cancellationToken)
    {
        for (var transaction = 0; transaction < transactions; transaction++)
        {
            var (id, item, cents) = (random.Next(Orders + 500), random.Next(Items + 200), random.Next(100_000));
            await ExecuteAsync(
                random.Next(4) switch
                {
                    0 => $"update orders set is_deleted = true, updated_at = clock_timestamp() where id between {id} and {id + 20}; delete from items where id = {item}",
                    1 => $"insert into items values ({item}, 'item {item}', {cents}) on conflict (id) do update set label = excluded.label || '!', cents = excluded.cents",
                    _ => $"insert into orders (id, customer, cents) select i, 'C' || i % 400, {cents} + i from generate_series({id}, {id + 30}) i on conflict (id) do update set cents = excluded.cents, is_deleted = false, updated_at = clock_timestamp()",
                },
                cancellationToken);
        }
    }

    /// <summary>Rows as text.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        // Pooled connections would outlive the server.
        var connection = new NpgsqlConnection($"{ConnectionStringFor(Port)};Pooling=false");
        await connection.OpenAsync(cancellationToken);
        return connection;
    }
}
