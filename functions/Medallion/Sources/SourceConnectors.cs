using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources;

/// <summary>The connectors that are registered.</summary>
internal sealed class SourceConnectors(IEnumerable<ISource> sources)
{
    private readonly Dictionary<string, ISource> all = sources.ToDictionary(s => s.Connector, StringComparer.Ordinal);

    /// <summary>The connector of a source.</summary>
    public ISource Of(SourceDefinition source) =>
        all.TryGetValue(source.Connector, out var found) ? found : throw new Lakehouse.TerminalException($"The connector '{source.Connector}' of source '{source.Name}' is not registered: expected {string.Join(", ", all.Keys)}.");
}
