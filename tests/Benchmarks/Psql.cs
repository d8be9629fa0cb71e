using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Pipeline.Testing;

namespace Pipeline.Benchmarks;

/// <summary>What PostgreSQL's own tools need for the same rows: psql's <c>\copy</c>, or its statement through the driver where there is no psql.</summary>
internal sealed class Psql(PostgresFixture postgres)
{
    /// <summary>The tool.</summary>
    public static string Name { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "psql"))) ? "psql's \\copy" : "COPY as text through Npgsql";

    /// <summary>Runs statements.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection($"{postgres.ConnectionString};Command Timeout=0");
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Writes a table's rows to a CSV file.</summary>
    public Task<TimeSpan> CopyToAsync(string table, string file, CancellationToken cancellationToken) => CopyAsync($"{table} to", "stdout", file, cancellationToken);

    /// <summary>Reads a CSV file into a table.</summary>
    public Task<TimeSpan> CopyFromAsync(string table, string file, CancellationToken cancellationToken) => CopyAsync($"{table} from", "stdin", file, cancellationToken);

    private async Task<TimeSpan> CopyAsync(string what, string stream, string file, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        if (Name.StartsWith("psql", StringComparison.Ordinal))
        {
            using var process = Process.Start(new ProcessStartInfo("psql", ["-X", "-q", "-h", "127.0.0.1", "-p", postgres.Port.ToString(CultureInfo.InvariantCulture), "-U", PostgresFixture.User, "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", $"\\copy {what} '{file}' (format csv)"])
            {
                Environment = { ["PGPASSWORD"] = PostgresFixture.Password },
            }) ?? throw new InvalidOperationException("psql did not start.");
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? watch.Elapsed : throw new InvalidOperationException($"psql ended with {process.ExitCode}.");
        }

        await using var connection = new NpgsqlConnection(postgres.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var local = new FileStream(file, FileMode.OpenOrCreate);
        if (stream == "stdin")
        {
            await using var writer = await connection.BeginRawBinaryCopyAsync($"copy {what} {stream} (format csv)", cancellationToken);
            await local.CopyToAsync(writer, cancellationToken);
        }
        else
        {
            await using var reader = await connection.BeginRawBinaryCopyAsync($"copy {what} {stream} (format csv)", cancellationToken);
            await reader.CopyToAsync(local, cancellationToken);
        }

        return watch.Elapsed;
    }
}
