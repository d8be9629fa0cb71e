using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.File.Remote;
using Pipeline.Medallion.Sources.Rest;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Finds where the files of a source are.</summary>
internal sealed class LandingFiles(ILake lake, Engine engine, Connections connections, RestServers servers, StorageAccounts accounts, RestOptions options, TimeProvider clock)
{
    /// <summary>The files of a source.</summary>
    /// <param name="source">The source.</param>
    /// <param name="attempts">How often a server is asked; by default as often as an API.</param>
    /// <exception cref="Lakehouse.TerminalException">It has a connection that cannot be used.</exception>
    public ILandingFiles Of(SourceDefinition source, int? attempts = null)
    {
        if (source.Remote is not { } remote)
        {
            return new ContainerFiles(lake, new FileGlob(source.Path));
        }

        var mostBytes = engine.Options.ScratchBytes / 2 / engine.Options.MaxConcurrentActivities;
        if (accounts.Find(remote, attempts, mostBytes) is { } files)
        {
            return files;
        }

        var connection = remote.Connection is { } name ? RestConnection.Read(connections, name) : RestConnection.Open(remote.Url);
        var server = new WebServer(servers, connection, remote, options with { Attempts = attempts ?? options.Attempts }, clock);
        return new WebFile(server, mostBytes, clock);
    }
}
