using System.Globalization;
using Confluent.Kafka;

namespace Pipeline.Local.Kafka;

/// <summary>Where event hubs are, in the Kafka protocol, which Event Hubs and its emulator speak as well.</summary>
/// <param name="Namespace">The host's name, as functions get it.</param>
/// <param name="Client">What a Kafka client needs to connect; it holds secrets.</param>
/// <param name="SessionTimeout">For how long a host may be silent before its partitions go to others; real services take no less than 6 seconds.</param>
public sealed record BrokerConnection(string Namespace, ClientConfig Client, TimeSpan SessionTimeout)
{
    private const string Expected = "expected 'Endpoint=sb://HOST/;SharedAccessKeyName=…;SharedAccessKey=…' of an Event Hubs namespace, or 'BootstrapServers=HOST:PORT' of a Kafka broker";
    private const string TlsPort = ":9093";
    private const string EmulatorPort = ":9092";
    private static readonly TimeSpan DefaultSessionTimeout = TimeSpan.FromSeconds(6);
    private static readonly string[] EventHubsKeys = ["Endpoint", "SharedAccessKeyName", "SharedAccessKey", "EntityPath", "UseDevelopmentEmulator"];
    private static readonly string[] KafkaKeys = ["BootstrapServers", "SecurityProtocol", "SaslMechanism", "SaslUsername", "SaslPassword", "SessionTimeoutMs"];

    /// <summary>Reads a connection string.</summary>
    /// <param name="text">Its text, which never appears in a message: it holds secrets.</param>
    /// <param name="where">Whose it is, for a message.</param>
    /// <exception cref="FormatException">It is of neither form; the message says what is missing or not known.</exception>
    public static BrokerConnection Parse(string text, string where)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var split = part.IndexOf('=', StringComparison.Ordinal);
            if (split < 1)
            {
                throw new FormatException($"{where} is not a connection string: it has a part without a name; {Expected}.");
            }

            values[part[..split].Trim()] = part[(split + 1)..].Trim();
        }

        var known = values.ContainsKey("BootstrapServers") ? KafkaKeys : EventHubsKeys;
        var unknown = values.Keys.FirstOrDefault(key => !known.Contains(key, StringComparer.OrdinalIgnoreCase));
        return unknown is not null ? throw new FormatException($"{where} has the part '{unknown}', which is not known; {Expected}. Known are {string.Join(", ", known)}.")
            : known == KafkaKeys ? OfKafka(values, where)
            : OfEventHubs(text, values, where);
    }

    private static BrokerConnection OfKafka(Dictionary<string, string> values, string where)
    {
        var servers = values["BootstrapServers"];
        var milliseconds = values.GetValueOrDefault("SessionTimeoutMs");
        var timeout = milliseconds is null ? DefaultSessionTimeout
            : int.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? TimeSpan.FromMilliseconds(number)
            : throw new FormatException($"{where}: SessionTimeoutMs is '{milliseconds}': expected a whole number of milliseconds.");
        var client = new ClientConfig
        {
            BootstrapServers = servers,
            SecurityProtocol = Of("SecurityProtocol", SecurityProtocol.Plaintext),
            SaslMechanism = values.ContainsKey("SaslMechanism") ? Of("SaslMechanism", SaslMechanism.Plain) : null,
            SaslUsername = values.GetValueOrDefault("SaslUsername"),
            SaslPassword = values.GetValueOrDefault("SaslPassword"),
        };
        return new(servers.Split(',', ':')[0], client, timeout);

        T Of<T>(string key, T byDefault)
            where T : struct, Enum => !values.TryGetValue(key, out var value) ? byDefault
            : Enum.TryParse<T>(value, ignoreCase: true, out var found) && Enum.IsDefined(found) ? found
            : throw new FormatException($"{where}: {key} is '{value}': expected one of {string.Join(", ", Enum.GetNames<T>())}.");
    }

    private static BrokerConnection OfEventHubs(string text, Dictionary<string, string> values, string where)
    {
        if (!values.TryGetValue("Endpoint", out var endpoint) || !Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Host.Length == 0)
        {
            throw new FormatException($"{where} names no broker: it has neither a valid Endpoint nor BootstrapServers; {Expected}.");
        }

        var isEmulator = string.Equals(values.GetValueOrDefault("UseDevelopmentEmulator"), "true", StringComparison.OrdinalIgnoreCase);
        var missing = EventHubsKeys[1..3].FirstOrDefault(key => values.GetValueOrDefault(key) is not { Length: > 0 });
        return missing is not null ? throw new FormatException($"{where} has no {missing}; {Expected}.")
            : new(address.Host, new ClientConfig
            {
                BootstrapServers = address.Host + (isEmulator ? EmulatorPort : TlsPort),
                SecurityProtocol = isEmulator ? SecurityProtocol.SaslPlaintext : SecurityProtocol.SaslSsl,
                SaslMechanism = SaslMechanism.Plain,
                SaslUsername = "$ConnectionString",
                SaslPassword = text,
            }, DefaultSessionTimeout);
    }
}
