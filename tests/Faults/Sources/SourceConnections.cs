namespace Pipeline.Faults.Sources;

/// <summary>A proxy before the database for each kind of work, so that each can be disturbed by itself.</summary>
internal sealed class SourceConnections : IAsyncDisposable
{
    private readonly Dictionary<string, DatabaseProxy> proxies;

    /// <summary>Begins to listen.</summary>
    /// <param name="database">The port of the database.</param>
    public SourceConnections(int database) => proxies = SourceKills.Kinds.ToDictionary(kind => kind, _ => new DatabaseProxy(database));

    /// <summary>The app's settings of them.</summary>
    public IReadOnlyDictionary<string, string> Settings => proxies.ToDictionary(p => $"Connections__{p.Key}", p => SourceShop.ConnectionStringFor(p.Value.Port));

    public DatabaseProxy this[string kind] => proxies[kind];

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in proxies.Values)
        {
            await proxy.DisposeAsync();
        }
    }
}
