using System.Net;
using Azure;
using Azure.Data.Tables;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Runs;

/// <summary>An Azure table that holds state. What its SDK throws becomes one of the house's two kinds, so that activities are tried again where it may pass.</summary>
internal sealed class StateTable(TableServiceClient tables, string name)
{
    private readonly TableClient table = tables.GetTableClient(name);

    public Task CreateAsync(CancellationToken cancellationToken) =>
        StorageFault.GuardAsync($"creating table {name}", () => table.CreateIfNotExistsAsync(cancellationToken), cancellationToken);

    public Task<TableEntity?> FindAsync(string partitionKey, string rowKey, CancellationToken cancellationToken) => StorageFault.GuardAsync(Reading, async () =>
    {
        var found = await table.GetEntityIfExistsAsync<TableEntity>(partitionKey, rowKey, cancellationToken: cancellationToken);
        return found.HasValue ? found.Value : null;
    }, cancellationToken);

    public IAsyncEnumerable<TableEntity> QueryAsync(string filter, CancellationToken cancellationToken) => QueryAsync(filter, null, cancellationToken);

    /// <param name="filter">What is looked for.</param>
    /// <param name="pageRows">How many rows are brought at a time, at most 1,000; null: as many.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public IAsyncEnumerable<TableEntity> QueryAsync(string filter, int? pageRows, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync(Reading, table.QueryAsync<TableEntity>(filter, pageRows, cancellationToken: cancellationToken), cancellationToken);

    /// <returns>False where there is such an entity already.</returns>
    public Task<bool> TryAddAsync(TableEntity entity, CancellationToken cancellationToken) =>
        TryAsync(() => table.AddEntityAsync(entity, cancellationToken), HttpStatusCode.Conflict, cancellationToken);

    /// <returns>False where the entity is not what it was.</returns>
    public Task<bool> TryReplaceAsync(TableEntity entity, ETag asItWas, CancellationToken cancellationToken) =>
        TryAsync(() => table.UpdateEntityAsync(entity, asItWas, TableUpdateMode.Replace, cancellationToken), HttpStatusCode.PreconditionFailed, cancellationToken);

    public Task UpsertAsync(TableEntity entity, TableUpdateMode mode, CancellationToken cancellationToken) =>
        StorageFault.GuardAsync(Writing, () => table.UpsertEntityAsync(entity, mode, cancellationToken), cancellationToken);

    /// <summary>Replaces entities of one partition, at most 100, all or none.</summary>
    public Task ReplaceAsync(IEnumerable<TableEntity> entities, CancellationToken cancellationToken) => StorageFault.GuardAsync(
        Writing,
        () => table.SubmitTransactionAsync(entities.Select(e => new TableTransactionAction(TableTransactionActionType.UpsertReplace, e)), cancellationToken),
        cancellationToken);

    /// <summary>Does what is given on one partition, at most 100 actions, all or none.</summary>
    /// <returns>False where an entity is not what it was, is there already, or is gone; nothing was done.</returns>
    public Task<bool> TryCommitAsync(IEnumerable<TableTransactionAction> actions, CancellationToken cancellationToken) => StorageFault.GuardAsync(Writing, async () =>
    {
        try
        {
            await table.SubmitTransactionAsync(actions, cancellationToken);
            return true;
        }
        catch (TableTransactionFailedException error) when (
            error.Status is (int)HttpStatusCode.Conflict or (int)HttpStatusCode.PreconditionFailed or (int)HttpStatusCode.NotFound && error.ErrorCode is not ("TableNotFound" or "TableBeingDeleted"))
        {
            return false;
        }
    }, cancellationToken);

    private string Reading => $"reading table {name}";

    private string Writing => $"writing table {name}";

    private Task<bool> TryAsync(Func<Task<Response>> write, HttpStatusCode lost, CancellationToken cancellationToken) => StorageFault.GuardAsync(Writing, async () =>
    {
        try
        {
            await write();
            return true;
        }
        catch (RequestFailedException error) when (error.Status == (int)lost)
        {
            return false;
        }
    }, cancellationToken);
}
