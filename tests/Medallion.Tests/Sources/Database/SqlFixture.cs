using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.Database;
using Pipeline.Testing;

namespace Pipeline.Medallion.Tests.Sources.Database;

[CollectionDefinition(Name)]
public sealed class PostgresTests : ICollectionFixture<PostgresFixture>
{
    public const string Name = "PostgreSQL";
}

/// <summary>Schemas of one test each, and pipelines that read them as the connection <c>shop</c>.</summary>
internal sealed class Shop(MedallionFixture medallion, PostgresFixture postgres, string schema)
{
    private static int count;

    public string Schema => schema;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<Shop> CreateAsync(MedallionFixture medallion, PostgresFixture postgres, string sql)
    {
        var shop = new Shop(medallion, postgres, $"s{Interlocked.Increment(ref count)}");
        await shop.ExecuteAsync($"create schema {shop.Schema}");
        await shop.ExecuteAsync(sql);
        return shop;
    }

    /// <summary>Runs statements in the schema.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancelled);
    }

    public async Task<NpgsqlConnection> OpenAsync()
    {
        // One pool for all schemas: the server has room for so many connections.
        var connection = new NpgsqlConnection(postgres.ConnectionString);
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand($"set search_path = {schema}", connection);
        await command.ExecuteNonQueryAsync(Cancelled);
        return connection;
    }

    /// <summary>Rows as text: values joined by '|', null as 'null'.</summary>
    public async Task<IReadOnlyList<string>> QueryAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Cancelled);
        var rows = new List<string>();
        while (await reader.ReadAsync(Cancelled))
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "null" : reader.GetString(i))));
        }

        return rows;
    }

    /// <summary>An instance of the app that knows the connection.</summary>
    public IServiceProvider Compose(SqlOptions? options = null, string? connectionString = null, Action<IServiceCollection>? change = null) => medallion.Compose(TimeProvider.System, services =>
    {
        services.AddSingleton(new Connections([KeyValuePair.Create<string, string?>("shop", connectionString ?? postgres.ConnectionString)]));
        services.AddSingleton(options ?? new SqlOptions());
        change?.Invoke(services);
    });

    /// <summary>A pipeline with a source of the shop; '@' in the definition stands for the schema.</summary>
    public async Task<TestPipeline> PipelineAsync(string yaml, SqlOptions? options = null) =>
        (await TestPipeline.CreateAsync(medallion, yaml.Replace("@", schema, StringComparison.Ordinal))).On(Compose(options));
}
