using System.Net;
using System.Text.Json;
using Azure.Core;
using Azure.Data.Tables.Models;

namespace Azure.Data.Tables;

/// <summary>The tables of an account.</summary>
public class TableServiceClient
{
    private readonly TablesPipeline pipeline;

    /// <summary>For an account named by a connection string.</summary>
    public TableServiceClient(string connectionString)
        : this(connectionString, null)
    {
    }

    /// <summary>For an account named by a connection string.</summary>
    public TableServiceClient(string connectionString, TableClientOptions options = null) => pipeline = TablesPipeline.ForConnectionString(connectionString, options);

    /// <summary>For an account opened by its key.</summary>
    public TableServiceClient(Uri endpoint, TableSharedKeyCredential credential)
        : this(endpoint, credential, null)
    {
    }

    /// <summary>For an account opened by its key.</summary>
    public TableServiceClient(Uri endpoint, TableSharedKeyCredential credential, TableClientOptions options) =>
        pipeline = TablesPipeline.ForKey(endpoint, credential, options);

    /// <summary>For an account opened by an identity.</summary>
    public TableServiceClient(Uri endpoint, TokenCredential tokenCredential, TableClientOptions options = null) =>
        pipeline = TablesPipeline.ForToken(endpoint, tokenCredential, options);

    /// <summary>For mocks.</summary>
    protected TableServiceClient()
    {
    }

    /// <summary>The account.</summary>
    public virtual string AccountName => pipeline.AccountName;

    /// <summary>The endpoint.</summary>
    public virtual Uri Uri => pipeline.Endpoint;

    /// <summary>An OData filter whose arguments are quoted.</summary>
    public static string CreateQueryFilter(FormattableString filter) => QueryFilter.Create(filter);

    /// <summary>A client for one table; no request is sent.</summary>
    public virtual TableClient GetTableClient(string tableName)
    {
        ArgumentException.ThrowIfNullOrEmpty(tableName);
        return new TableClient(pipeline, tableName);
    }

    /// <summary>Creates a table; 409 where it exists.</summary>
    public virtual Task<Response<TableItem>> CreateTableAsync(string tableName, CancellationToken cancellationToken = default) =>
        CreateAsync(pipeline, tableName, null, cancellationToken);

    /// <summary>Creates a table unless it exists.</summary>
    public virtual Task<Response<TableItem>> CreateTableIfNotExistsAsync(string tableName, CancellationToken cancellationToken = default) =>
        CreateAsync(pipeline, tableName, HttpStatusCode.Conflict, cancellationToken);

    /// <summary>Deletes a table; no error where there is none.</summary>
    public virtual Task<Response> DeleteTableAsync(string tableName, CancellationToken cancellationToken = default) => DeleteAsync(pipeline, tableName, cancellationToken);

    /// <summary>The account's tables.</summary>
    public virtual AsyncPageable<TableItem> QueryAsync(FormattableString filter, int? maxPerPage = null, CancellationToken cancellationToken = default) =>
        QueryAsync(QueryFilter.Create(filter), maxPerPage, cancellationToken);

    /// <summary>The account's tables.</summary>
    public virtual AsyncPageable<TableItem> QueryAsync(string filter = null, int? maxPerPage = null, CancellationToken cancellationToken = default) =>
        new TablePages<TableItem>(
            pipeline,
            "Tables",
            new(filter, maxPerPage, null, ["NextTableName"]),
            json => new TableItem(json.GetProperty("TableName").GetString()),
            cancellationToken);

    internal static async Task<Response<TableItem>> CreateAsync(TablesPipeline pipeline, string name, HttpStatusCode? accepted, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var content = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["TableName"] = name });
        var response = await pipeline.SendAsync(pipeline.Message(RequestMethod.Post, pipeline.Address("Tables"), content), accepted, cancellationToken).ConfigureAwait(false);
        return Response.FromValue(new TableItem(name), response);
    }

    internal static Task<Response> DeleteAsync(TablesPipeline pipeline, string name, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var address = pipeline.Address($"Tables('{Uri.EscapeDataString(name)}')");
        return pipeline.SendAsync(pipeline.Message(RequestMethod.Delete, address), HttpStatusCode.NotFound, cancellationToken);
    }
}
