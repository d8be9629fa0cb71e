using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using Pipeline.Local.Emulators;
using Xunit;

namespace Pipeline.Testing;

/// <summary>One PostgreSQL server on a free loopback port, with the database <c>postgres</c>: [CollectionDefinition] with ICollectionFixture&lt;PostgresFixture&gt;.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    /// <summary>The user, who may do anything.</summary>
    public const string User = "app";

    /// <summary>The user's password, which no message may hold.</summary>
    public const string Password = "planted-secret-7Q";

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);

    // It refuses to run as root, who therefore gives it a folder of its own. It ends when its standard input does.
    private const string Script = """
        set -e
        binaries="$1" folder="$2" port="$3"
        as=""
        if [ "$(id -u)" = 0 ]; then
          cp -R "$binaries" "$folder/binaries"
          binaries="$folder/binaries"
          chown nobody "$folder" "$folder/password"
          as="setpriv --reuid=nobody --clear-groups"
        fi
        $as "$binaries/bin/initdb" -D "$folder/data" -U app -A scram-sha-256 --pwfile="$folder/password" -E UTF8 --locale=C --no-sync >"$folder/initdb.log"
        $as "$binaries/bin/postgres" -D "$folder/data" -p "$port" -k "$folder" -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=50 </dev/null &
        server=$!
        cat >/dev/null || true
        kill -INT "$server"
        wait "$server"
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("postgres-").FullName;
    private ChildProcess? server;

    /// <summary>Its port.</summary>
    public int Port { get; } = FreePorts.Take();

    /// <summary>The connection string, with the password.</summary>
    public string ConnectionString => ConnectionStringFor(Port);

    /// <summary>The connection string for a port that leads to it.</summary>
    public static string ConnectionStringFor(int port) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Database=postgres;Username={User};Password={Password}");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "password"), Password);
        server = ChildProcess.Start("sh", ["-c", Script, "postgres", Binaries(), folder, Port.ToString(CultureInfo.InvariantCulture)], environment: null, workingFolder: folder, logFile: null, "sh was not found.");
        await WaitAsync(server);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private static string Binaries()
    {
        var os = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : "windows";
        var npm = Path.Combine(
            typeof(PostgresFixture).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "PostgresDir").Value ?? "",
            $"{os}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
            "native");
        return Directory.Exists(npm) ? npm : throw new LaunchException($"There is no PostgreSQL at {npm}: build the tests, which installs it from npm.");
    }

    private async Task WaitAsync(ChildProcess process)
    {
        using var deadline = new CancellationTokenSource(StartDeadline);
        while (true)
        {
            if (process.HasExited)
            {
                await process.Exited;
                throw new LaunchException($"PostgreSQL ended with code {process.ExitCode}: {process.LastOutput}");
            }

            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port, deadline.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, deadline.Token);
            }
        }
    }
}
