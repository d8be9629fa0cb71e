using System.Collections.Concurrent;
using Azure.Core;
using Azure.Data.Tables;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources.Rest;

namespace Pipeline.Medallion.Sources.Entities;

/// <summary>The accounts whose tables are sources.</summary>
/// <param name="connections">The app's settings.</param>
/// <param name="options">How they are asked, and for how long.</param>
/// <param name="identity">The app's; null: it has none.</param>
internal sealed class EntityAccounts(Connections connections, RestOptions options, TokenCredential? identity)
{
    private readonly ConcurrentDictionary<(string Connection, int Attempts), TableServiceClient> accounts = new();

    /// <summary>A table; no request is sent.</summary>
    /// <param name="table">The table.</param>
    /// <param name="attempts">How often it is asked; by default as often as an API.</param>
    /// <exception cref="TerminalException">There is no such connection, or it cannot be used. No message holds its secrets.</exception>
    public EntityTable Open(TableDefinition table, int? attempts = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        return new EntityTable(table, accounts.GetOrAdd((table.Connection, attempts ?? options.Attempts), key => Connect(key.Connection, key.Attempts)).GetTableClient(table.Table));
    }

    private TableServiceClient Connect(string name, int attempts)
    {
        var settings = new TableClientOptions
        {
            Retry = { MaxRetries = attempts - 1, Delay = options.FirstDelay, MaxDelay = options.LongestDelay, NetworkTimeout = options.AnswerTimeout },
        };
        settings.Diagnostics.IsLoggingContentEnabled = false;
        return StorageConnection.Open(
            connections, name, "table", text => new TableServiceClient(text, settings), identity is null ? null : url => new TableServiceClient(url, identity, settings), account => account.Uri);
    }
}
