using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Pipeline.Local.Emulators;

namespace Pipeline.Local.Commands;

/// <summary>Ports, the broker and the state's folder: from an option, else from the environment, else the default.</summary>
internal sealed class SharedOptions(string appFile)
{
    private const int LargestPort = 65535;

    public Option<int> Port { get; } = PortOption("--port", "PIPELINE_PORT", Settings.DefaultAppPort, "The app's port", LargestPort);

    public Option<int> StoragePort { get; } = PortOption(
        "--storage-port", "PIPELINE_STORAGE_PORT", Settings.DefaultStoragePort, "The first of the storage emulator's three ports", LargestPort - 2);

    public Option<int> BrokerPort { get; } = PortOption(
        "--broker-port", "PIPELINE_BROKER_PORT", Settings.DefaultBrokerPort, "The first of the event broker's two ports", LargestPort - 1);

    public Option<int> PostgresPort { get; } = PortOption(
        "--postgres-port", "PIPELINE_POSTGRES_PORT", Settings.DefaultPostgresPort, "The port of the PostgreSQL of the sample northwind-postgres", LargestPort);

    public Option<string?> Broker { get; } = new("--broker")
    {
        Description = "A Kafka broker (HOST:PORT) or Event Hubs (a connection string) to use instead of starting a broker, also PIPELINE_BROKER",
        HelpName = "ADDRESS",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("PIPELINE_BROKER") is { Length: > 0 } address ? address : null,
    };

    public Option<string> State { get; } = new("--state")
    {
        Description = "The folder for all state, also PIPELINE_STATE",
        HelpName = "DIR",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("PIPELINE_STATE") is { Length: > 0 } folder
            ? folder
            : Path.GetRelativePath(Environment.CurrentDirectory, Path.GetFullPath("../../.state", Azurite.NpmFolder)),
    };

    public Settings Read(ParseResult arguments) => new()
    {
        AppPort = arguments.GetValue(Port),
        StoragePort = arguments.GetValue(StoragePort),
        BrokerPort = arguments.GetValue(BrokerPort),
        PostgresPort = arguments.GetValue(PostgresPort),
        Broker = arguments.GetValue(Broker),
        StateFolder = Path.GetFullPath(arguments.GetRequiredValue(State)),
        AppFile = appFile,
    };

    private static Option<int> PortOption(string name, string variable, int byDefault, string description, int largest)
    {
        var option = new Option<int>(name)
        {
            Description = $"{description}, also {variable}",
            HelpName = "N",
            Recursive = true,
            DefaultValueFactory = result => FromEnvironment(variable, byDefault, result),
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var port) && (port < 1 || port > largest))
            {
                result.AddError($"{name} is a port from 1 to {largest}, not {port}.");
            }
        });
        return option;
    }

    private static int FromEnvironment(string variable, int byDefault, ArgumentResult result)
    {
        var text = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(text))
        {
            return byDefault;
        }

        if (int.TryParse(text, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= LargestPort - 2)
        {
            return port;
        }

        result.AddError($"The environment variable {variable} is a port, not '{text}'.");
        return byDefault;
    }
}
