using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Npgsql;
using Pipeline.Local.Emulators;

namespace Pipeline.Local.Samples;

/// <summary>The Northwind company as a trading system has it: six tables of a PostgreSQL on this machine, which the pipeline <c>northwind-postgres</c> reads and serves to.</summary>
internal sealed class NorthwindDatabase : IAsyncDisposable
{
    /// <summary>The pipeline.</summary>
    public const string Pipeline = "northwind-postgres";

    /// <summary>The app's setting with the connection string.</summary>
    public const string Setting = "Connections__northwind";

    private const string Name = "northwind";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private readonly Postgres? server;

    private NorthwindDatabase(Postgres? server) => this.server = server;

    /// <summary>Ends when a server that was started here has ended, for whatever reason.</summary>
    public Task Exited => server?.Exited ?? Task.Delay(Timeout.Infinite);

    /// <summary>What it last printed, for an error message.</summary>
    public string LastOutput => server?.LastOutput ?? "";

    /// <summary>The connection string; the password is in the state's folder, and made there.</summary>
    public static string ConnectionStringOf(Settings settings, string database = Name) => string.Create(
        CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={settings.PostgresPort};Database={database};Username={Postgres.User};Password={Password(settings)}");

    /// <summary>How people look into it.</summary>
    public static string Psql(Settings settings) => string.Create(
        CultureInfo.InvariantCulture,
        $"PGPASSWORD=$(cat {Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, settings.PostgresFolder), "password")}) psql -h 127.0.0.1 -p {settings.PostgresPort} -U {Postgres.User} {Name}");

    /// <summary>Uses the server that runs, or starts it; an empty one gets the company.</summary>
    /// <exception cref="LaunchException">It cannot be installed, did not come up, or is none of ours.</exception>
    public static async Task<NorthwindDatabase> StartAsync(Settings settings, Screen screen, CancellationToken cancellationToken)
    {
        var database = new NorthwindDatabase(await StorageProbe.ListensAsync(settings.PostgresPort, cancellationToken) ? null : await LaunchAsync(settings, screen, cancellationToken));
        try
        {
            if (database.server is null)
            {
                screen.Line($"Using the PostgreSQL that runs on port {settings.PostgresPort}.");
            }

            await FillAsync(settings, cancellationToken);
            return database;
        }
        catch (Exception error)
        {
            await database.DisposeAsync();
            throw error is NpgsqlException && database.server is null
                ? new LaunchException($"Port {settings.PostgresPort}, needed for the sample's PostgreSQL, is taken by something else ({error.Message}). End it, or choose another port with --postgres-port or PIPELINE_POSTGRES_PORT.", error)
                : error;
        }
    }

    /// <summary>What is on its port: ours is a server that lets in whoever knows the password of the state's folder.</summary>
    public static async Task<Found> LookAsync(Settings settings, CancellationToken cancellationToken)
    {
        if (!await StorageProbe.ListensAsync(settings.PostgresPort, cancellationToken))
        {
            return Found.Nothing;
        }

        if (!File.Exists(PasswordFile(settings)))
        {
            return Found.Stranger;
        }

        try
        {
            await using var connection = new NpgsqlConnection($"{ConnectionStringOf(settings, "postgres")};Pooling=false;Timeout=5");
            await connection.OpenAsync(cancellationToken);
            return Found.Ours;
        }
        catch (NpgsqlException error)
        {
            // It listens before it has recovered.
            return error.SqlState == PostgresErrorCodes.CannotConnectNow ? Found.Ours : Found.Stranger;
        }
    }

    /// <summary>The server that works on the state's folder, whoever started it; null: none does.</summary>
    public static ProcessMark? Running(Settings settings)
    {
        // Its process and data folder, and when it was started, in seconds since 1970 (https://www.postgresql.org/docs/current/storage-file-layout.html).
        var file = Path.Combine(settings.PostgresFolder, "data", "postmaster.pid");
        return File.Exists(file) && File.ReadAllLines(file) is [var id, _, var started, ..]
            && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var process) && long.TryParse(started, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            && new ProcessMark(process, DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime) is { IsAlive: true } mark ? mark : null;
    }

    public ValueTask DisposeAsync() => server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static async Task<Postgres> LaunchAsync(Settings settings, Screen screen, CancellationToken cancellationToken)
    {
        if (!Postgres.IsInstalled)
        {
            await screen.WaitingAsync("Installing PostgreSQL from npm (once) …", Postgres.InstallAsync(cancellationToken));
        }

        var starting = Postgres.StartAsync(settings.PostgresFolder, settings.PostgresPort, Password(settings), durable: true, cancellationToken);
        await screen.WaitingAsync("Starting PostgreSQL …", starting);
        return await starting;
    }

    private static async Task FillAsync(Settings settings, CancellationToken cancellationToken)
    {
        await using (var server = await OpenAsync(settings, "postgres", cancellationToken))
        {
            await using var exists = new NpgsqlCommand($"select 1 from pg_database where datname = '{Name}'", server);
            if (await exists.ExecuteScalarAsync(cancellationToken) is null)
            {
                await using var create = new NpgsqlCommand($"create database {Name}", server);
                await create.ExecuteNonQueryAsync(cancellationToken);
            }
        }

        await using var company = await OpenAsync(settings, Name, cancellationToken);
        await using var transaction = await company.BeginTransactionAsync(cancellationToken);
        await using var filled = new NpgsqlCommand("select to_regclass('public.order_details') is not null", company, transaction);
        if (await filled.ExecuteScalarAsync(cancellationToken) is true)
        {
            return;
        }

        await Sample.WriteAsync(Sample.Pipeline, settings.LandingFolder, cancellationToken);
        await using (var tables = new NpgsqlCommand(NorthwindTables.Create, company, transaction))
        {
            await tables.ExecuteNonQueryAsync(cancellationToken);
        }

        foreach (var (table, insert) in NorthwindTables.Inserts)
        {
            await using var command = new NpgsqlCommand(insert, company, transaction);
            command.Parameters.AddWithValue("json", NpgsqlTypes.NpgsqlDbType.Json, await File.ReadAllTextAsync(Path.Combine(settings.LandingFolder, Sample.Pipeline, $"{table}.json"), cancellationToken));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<NpgsqlConnection> OpenAsync(Settings settings, string database, CancellationToken cancellationToken)
    {
        // Pooled connections would outlive the server.
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var connection = new NpgsqlConnection($"{ConnectionStringOf(settings, database)};Pooling=false");
            try
            {
                await connection.OpenAsync(cancellationToken);
                return connection;
            }
            catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.CannotConnectNow && waited.Elapsed < StartDeadline)
            {
                // It listens before it has recovered.
                await connection.DisposeAsync();
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    private static string PasswordFile(Settings settings) => Path.Combine(settings.PostgresFolder, "password");

    private static string Password(Settings settings)
    {
        var file = PasswordFile(settings);
        if (File.Exists(file))
        {
            return File.ReadAllText(file).Trim();
        }

        Directory.CreateDirectory(settings.PostgresFolder);
        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        Postgres.WritePassword(settings.PostgresFolder, password);
        return password;
    }
}
