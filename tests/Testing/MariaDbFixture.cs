using System.Globalization;
using Pipeline.Local.Emulators;
using Xunit;

namespace Pipeline.Testing;

/// <summary>One MariaDB server on a free loopback port, with the database <c>test</c>, where this machine has the Debian packages mariadb-server-core and mariadb-client-core: no package feed that a bare machine reaches has it.</summary>
public sealed class MariaDbFixture : IAsyncLifetime
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);

    // It ends when its standard input does.
    private const string Script = """
        set -e
        folder="$1" port="$2"
        as=""
        if [ "$(id -u)" = 0 ]; then
          chown nobody "$folder"
          as="setpriv --reuid=nobody --clear-groups"
        fi
        mkdir "$folder/data"
        [ -z "$as" ] || chown nobody "$folder/data"
        $as mariadb-install-db --no-defaults --datadir="$folder/data" --auth-root-authentication-method=normal --skip-test-db >"$folder/install.log"
        $as mariadbd --no-defaults --datadir="$folder/data" --port="$port" --bind-address=127.0.0.1 --socket="$folder/socket" --innodb-flush-log-at-trx-commit=0 </dev/null &
        server=$!
        cat >/dev/null || true
        kill -TERM "$server"
        wait "$server"
        """;

    // The last one is what the one before it calls.
    private static readonly string[] Programs = ["mariadbd", "mariadb-install-db", "my_print_defaults"];
    private readonly string folder = Directory.CreateTempSubdirectory("mariadb-").FullName;
    private ChildProcess? server;

    /// <summary>Why there is none; null: there is one.</summary>
    public string? Missing { get; } = Programs.FirstOrDefault(p => !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, p)))) is { } program
        ? $"{program} is not installed (Debian: mariadb-server-core, mariadb-client-core)"
        : null;

    /// <summary>Its port.</summary>
    public int Port { get; } = FreePorts.Take();

    /// <summary>The connection string, as a setting has it.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Provider=mysql;Server=127.0.0.1;Port={Port};User ID=root;Database=mysql");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (Missing is null)
        {
            server = ChildProcess.Start("sh", ["-c", Script, "mariadb", folder, Port.ToString(CultureInfo.InvariantCulture)], environment: null, workingFolder: folder, logFile: null, "sh was not found.");
            await OpenPort.WaitAsync(server, Port, "MariaDB", StartDeadline, CancellationToken.None);
        }
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
}
