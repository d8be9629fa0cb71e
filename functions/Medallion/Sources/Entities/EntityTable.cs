using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using Azure.Identity;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Entities;

/// <summary>A table that is a source. What the SDK says of a failure passes through here.</summary>
/// <param name="definition">What is taken of it.</param>
/// <param name="client">Asks.</param>
internal sealed class EntityTable(TableDefinition definition, TableClient client)
{
    private const int PageEntities = 1000;

    // No entity is older.
    private static readonly DateTimeOffset First = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Asks whether it is there and takes the filter.</summary>
    /// <returns>The service's clock, to the second that has begun; null: it does not tell.</returns>
    public async Task<DateTimeOffset?> LookAsync(CancellationToken cancellationToken)
    {
        await foreach (var page in GuardAsync(client.QueryAsync<TableEntity>(definition.Filter, 1, ["PartitionKey"], cancellationToken).AsPages(), cancellationToken))
        {
            return page.GetRawResponse().Headers.Date;
        }

        return null;
    }

    /// <summary>Its entities, page by page, in the order of their keys.</summary>
    /// <param name="from">The least Timestamp; null: any.</param>
    /// <param name="until">The Timestamp from which on none is taken; null: any.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public IAsyncEnumerable<Page<TableEntity>> PagesAsync(DateTimeOffset? from, DateTimeOffset? until, CancellationToken cancellationToken)
    {
        var conditions = new[]
        {
            definition.Filter is { } filter ? $"({filter})" : null,
            from is { } low ? TableClient.CreateQueryFilter($"Timestamp ge {(low < First ? First : low)}") : null,
            until is { } high ? TableClient.CreateQueryFilter($"Timestamp lt {high}") : null,
        };
        var pages = client.QueryAsync<TableEntity>(string.Join(" and ", conditions.OfType<string>()) is { Length: > 0 } all ? all : null, PageEntities, cancellationToken: cancellationToken).AsPages();
        return GuardAsync(pages, cancellationToken);
    }

    private async IAsyncEnumerable<Page<TableEntity>> GuardAsync(IAsyncEnumerable<Page<TableEntity>> pages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var enumerator = pages.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(enumerator, cancellationToken))
        {
            yield return enumerator.Current;
        }
    }

    private async Task<bool> NextAsync(IAsyncEnumerator<Page<TableEntity>> pages, CancellationToken cancellationToken)
    {
        try
        {
            return await pages.MoveNextAsync();
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && StorageFault.IsTransient(error))
        {
            throw new TransientException($"The table {definition.Name} did not answer in time, or failed ({StorageFault.Describe(error)}). It may pass.");
        }
        catch (Exception error) when (error is RequestFailedException or AggregateException or AuthenticationFailedException or JsonException)
        {
            throw new TerminalException(string.Create(CultureInfo.InvariantCulture, $"The table {definition.Name} is refused ({StorageFault.Describe(error)}). {Advice(error)}"));
        }
    }

    private string Advice(Exception error) => (error is AggregateException many ? many.InnerExceptions[^1] : error) switch
    {
        RequestFailedException { Status: (int)HttpStatusCode.NotFound } => $"There is no table '{definition.Table}': check 'table' of the source, and the account of Connections__{definition.Connection}.",
        RequestFailedException { Status: (int)HttpStatusCode.BadRequest or (int)HttpStatusCode.NotImplemented } when definition.Filter is not null => "The service does not take the 'filter' of the source: expected OData that tables know, such as PartitionKey eq 'eu' and Amount gt 5.",
        RequestFailedException { Status: (int)HttpStatusCode.Unauthorized or (int)HttpStatusCode.Forbidden } or AuthenticationFailedException => $"The account does not let the app in: check Connections__{definition.Connection}; an identity needs the role Storage Table Data Reader.",
        JsonException => $"What answers is no table: check Connections__{definition.Connection}.",
        _ => "Check the definition of the source.",
    };
}
