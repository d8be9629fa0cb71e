using System.Net;
using Azure.Core;
using Azure.Data.Tables.Models;

namespace Azure.Data.Tables;

/// <summary>One table.</summary>
public partial class TableClient
{
    private readonly TablesPipeline pipeline;

    /// <summary>For a table of an account named by a connection string.</summary>
    public TableClient(string connectionString, string tableName)
        : this(connectionString, tableName, null)
    {
    }

    /// <summary>For a table of an account named by a connection string.</summary>
    public TableClient(string connectionString, string tableName, TableClientOptions options = null)
        : this(TablesPipeline.ForConnectionString(connectionString, options), tableName)
    {
    }

    /// <summary>For a table of an account opened by its key.</summary>
    public TableClient(Uri endpoint, string tableName, TableSharedKeyCredential credential)
        : this(endpoint, tableName, credential, null)
    {
    }

    /// <summary>For a table of an account opened by its key.</summary>
    public TableClient(Uri endpoint, string tableName, TableSharedKeyCredential credential, TableClientOptions options = null)
        : this(TablesPipeline.ForKey(endpoint, credential, options), tableName)
    {
    }

    /// <summary>For a table of an account opened by an identity.</summary>
    public TableClient(Uri endpoint, string tableName, TokenCredential tokenCredential, TableClientOptions options = null)
        : this(TablesPipeline.ForToken(endpoint, tokenCredential, options), tableName)
    {
    }

    /// <summary>For mocks.</summary>
    protected TableClient()
    {
    }

    internal TableClient(TablesPipeline pipeline, string tableName)
    {
        ArgumentException.ThrowIfNullOrEmpty(tableName);
        this.pipeline = pipeline;
        Name = tableName;
    }

    /// <summary>The table's name.</summary>
    public virtual string Name { get; }

    /// <summary>The account.</summary>
    public virtual string AccountName => pipeline.AccountName;

    /// <summary>The table's address.</summary>
    public virtual Uri Uri => pipeline.Address(Name).ToUri();

    /// <summary>An OData filter whose arguments are quoted.</summary>
    public static string CreateQueryFilter(FormattableString filter) => QueryFilter.Create(filter);

    /// <summary>Creates the table; 409 where it exists.</summary>
    public virtual Task<Response<TableItem>> CreateAsync(CancellationToken cancellationToken = default) =>
        TableServiceClient.CreateAsync(pipeline, Name, null, cancellationToken);

    /// <summary>Creates the table unless it exists.</summary>
    public virtual Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default) =>
        TableServiceClient.CreateAsync(pipeline, Name, HttpStatusCode.Conflict, cancellationToken);

    /// <summary>Deletes the table; no error where there is none.</summary>
    public virtual Task<Response> DeleteAsync(CancellationToken cancellationToken = default) => TableServiceClient.DeleteAsync(pipeline, Name, cancellationToken);
}
