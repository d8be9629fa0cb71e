using System.Net;
using Azure.Core;

namespace Azure.Data.Tables;

public partial class TableClient
{
    /// <summary>Inserts an entity; 409 where it exists.</summary>
    public virtual Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : ITableEntity => pipeline.SendAsync(AddMessage(entity), null, cancellationToken);

    /// <summary>Inserts an entity, or changes it where it exists.</summary>
    public virtual Task<Response> UpsertEntityAsync<T>(T entity, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
        where T : ITableEntity => pipeline.SendAsync(UpdateMessage(entity, null, mode), null, cancellationToken);

    /// <summary>Changes an entity that has the given ETag; 412 where it has another, 404 where there is none.</summary>
    public virtual Task<Response> UpdateEntityAsync<T>(T entity, ETag ifMatch, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
        where T : ITableEntity => ifMatch == default
            ? throw new ArgumentException("An ETag is needed; ETag.All matches any.", nameof(ifMatch))
            : pipeline.SendAsync(UpdateMessage(entity, ifMatch, mode), null, cancellationToken);

    /// <summary>Deletes an entity, on any ETag by default; no error where there is none.</summary>
    public virtual Task<Response> DeleteEntityAsync(string partitionKey, string rowKey, ETag ifMatch = default, CancellationToken cancellationToken = default) =>
        pipeline.SendAsync(DeleteMessage(partitionKey, rowKey, ifMatch), HttpStatusCode.NotFound, cancellationToken);

    /// <summary>Deletes an entity, on any ETag by default; no error where there is none.</summary>
    public virtual Task<Response> DeleteEntityAsync(ITableEntity entity, ETag ifMatch = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return DeleteEntityAsync(entity.PartitionKey, entity.RowKey, ifMatch, cancellationToken);
    }

    /// <summary>Reads an entity; 404 where there is none.</summary>
    public virtual async Task<Response<T>> GetEntityAsync<T>(string partitionKey, string rowKey, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity
    {
        var response = await pipeline.SendAsync(GetMessage(partitionKey, rowKey, select), null, cancellationToken).ConfigureAwait(false);
        return Response.FromValue(Read<T>(response), response);
    }

    /// <summary>Reads an entity, or nothing where there is none.</summary>
    public virtual async Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(string partitionKey, string rowKey, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity
    {
        var response = await pipeline.SendAsync(GetMessage(partitionKey, rowKey, select), HttpStatusCode.NotFound, cancellationToken).ConfigureAwait(false);
        return response.Status == (int)HttpStatusCode.NotFound ? new NoEntity<T>(response) : Response.FromValue(Read<T>(response), response);
    }

    /// <summary>Entities that satisfy an OData filter, in the order of their keys.</summary>
    public virtual AsyncPageable<T> QueryAsync<T>(string filter = null, int? maxPerPage = null, IEnumerable<string> select = null, CancellationToken cancellationToken = default)
        where T : class, ITableEntity =>
        new TablePages<T>(pipeline, Name + "()", new(filter, maxPerPage, select, ["NextPartitionKey", "NextRowKey"]), EntityJson.Read<T>, cancellationToken);

    private HttpMessage AddMessage(ITableEntity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return pipeline.Message(RequestMethod.Post, pipeline.Address(Name), EntityJson.Write(entity));
    }

    // Without a condition the service takes an update as an upsert.
    private HttpMessage UpdateMessage(ITableEntity entity, ETag? ifMatch, TableUpdateMode mode)
    {
        ArgumentNullException.ThrowIfNull(entity);
        var method = mode == TableUpdateMode.Replace ? RequestMethod.Put : RequestMethod.Patch;
        var message = pipeline.Message(method, EntityAddress(entity.PartitionKey, entity.RowKey), EntityJson.Write(entity));
        if (ifMatch is { } etag)
        {
            message.Request.Headers.Add(HttpHeader.Names.IfMatch, etag.ToString());
        }

        return message;
    }

    private HttpMessage DeleteMessage(string partitionKey, string rowKey, ETag ifMatch)
    {
        var message = pipeline.Message(RequestMethod.Delete, EntityAddress(partitionKey, rowKey));
        message.Request.Headers.Add(HttpHeader.Names.IfMatch, (ifMatch == default ? ETag.All : ifMatch).ToString());
        return message;
    }

    private HttpMessage GetMessage(string partitionKey, string rowKey, IEnumerable<string> select)
    {
        var uri = EntityAddress(partitionKey, rowKey);
        if (select is not null)
        {
            uri.AppendQuery("$select", string.Join(',', select), escapeValue: true);
        }

        return pipeline.Message(RequestMethod.Get, uri);
    }

    private RequestUriBuilder EntityAddress(string partitionKey, string rowKey)
    {
        ArgumentNullException.ThrowIfNull(partitionKey);
        ArgumentNullException.ThrowIfNull(rowKey);
        return pipeline.Address($"{Name}(PartitionKey='{Key(partitionKey)}',RowKey='{Key(rowKey)}')");

        static string Key(string key) => Uri.EscapeDataString(QueryFilter.Escape(key));
    }

    private static T Read<T>(Response response)
        where T : class, ITableEntity
    {
        using var json = TablesPipeline.Json(response);
        return EntityJson.Read<T>(json.RootElement);
    }

    private sealed class NoEntity<T>(Response response) : NullableResponse<T>
    {
        public override bool HasValue => false;

        public override T Value => throw new InvalidOperationException($"There is no entity: the service answered {response.Status}.");

        public override Response GetRawResponse() => response;
    }
}
