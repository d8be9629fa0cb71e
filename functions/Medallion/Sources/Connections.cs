using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources;

/// <summary>The connection strings of the app's settings, by name: <c>Connections__NAME</c>. Definitions know the names only.</summary>
public sealed class Connections
{
    private readonly Dictionary<string, string> strings;

    /// <summary>Takes what the settings have.</summary>
    public Connections(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        strings = settings.Where(s => !string.IsNullOrWhiteSpace(s.Value)).ToDictionary(s => s.Key, s => s.Value ?? "", StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The connection string of a name. It is a secret: it goes to the driver and nowhere else.</summary>
    /// <exception cref="TerminalException">There is none; the message has the names of those that there are.</exception>
    internal string Find(string name) => strings.TryGetValue(name, out var found)
        ? found
        : throw new TerminalException($"There is no connection '{name}': expected the setting Connections__{name} with a connection string. {(strings.Count == 0 ? "No connection is set." : $"Connections that are set: {string.Join(", ", strings.Keys.Order(StringComparer.Ordinal))}.")}");

    /// <inheritdoc/>
    public override string ToString() => $"{strings.Count} connections";
}
