using System.Net;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Azure.Data.Tables;

/// <summary>Requests to one account's table endpoint.</summary>
internal sealed class TablesPipeline
{
    private const string JsonType = "application/json;odata=minimalmetadata";
    private readonly HttpPipeline pipeline;
    private readonly string version;

    public TablesPipeline(Uri endpoint, HttpPipelinePolicy authentication, TableClientOptions options)
    {
        options ??= new TableClientOptions();
        Endpoint = endpoint;
        version = options.VersionText;
        pipeline = HttpPipelineBuilder.Build(options, authentication);
        // An address has the account in its path, a name in its first label.
        AccountName = endpoint.HostNameType == UriHostNameType.Dns && endpoint.Host.Contains('.', StringComparison.Ordinal)
            ? endpoint.Host.Split('.')[0]
            : endpoint.AbsolutePath.Trim('/').Split('/')[0];
    }

    public Uri Endpoint { get; }

    public string AccountName { get; }

    public static TablesPipeline ForKey(Uri endpoint, TableSharedKeyCredential credential, TableClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(credential);
        return new(endpoint, new SharedKeyPolicy(credential), options);
    }

    public static TablesPipeline ForToken(Uri endpoint, TokenCredential credential, TableClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return new(endpoint, new BearerTokenAuthenticationPolicy(credential, "https://storage.azure.com/.default"), options);
    }

    public static TablesPipeline ForConnectionString(string connectionString, TableClientOptions options)
    {
        var (endpoint, credential) = ConnectionString.Parse(connectionString);
        return ForKey(endpoint, credential, options);
    }

    /// <summary>The address of a resource below the endpoint, its parts escaped.</summary>
    public RequestUriBuilder Address(string path)
    {
        var uri = new RequestUriBuilder();
        uri.Reset(new Uri(Endpoint.AbsoluteUri.TrimEnd('/') + "/" + path));
        return uri;
    }

    public HttpMessage Message(RequestMethod method, RequestUriBuilder uri, byte[] content = null, string contentType = "application/json")
    {
        var message = pipeline.CreateMessage();
        var request = message.Request;
        request.Method = method;
        request.Uri = uri;
        request.Headers.Add("x-ms-version", version);
        request.Headers.Add("DataServiceVersion", "3.0");
        request.Headers.Add(HttpHeader.Names.Accept, JsonType);
        if (content is not null)
        {
            request.Headers.Add(HttpHeader.Names.ContentType, contentType);
            request.Headers.Add("Prefer", "return-no-content");
            request.Content = RequestContent.Create(content);
        }

        return message;
    }

    /// <summary>Sends with the pipeline's retries; a status that is neither a success nor among the accepted ones is thrown.</summary>
    public async Task<Response> SendAsync(HttpMessage message, HttpStatusCode? accepted, CancellationToken cancellationToken)
    {
        using (message)
        {
            message.BufferResponse = true;
            await pipeline.SendAsync(message, cancellationToken).ConfigureAwait(false);
            var response = message.Response;
            return response.Status is >= 200 and < 300 || response.Status == (int?)accepted
                ? response
                : throw new RequestFailedException(response, null, TableErrorParser.Instance);
        }
    }

    public static JsonDocument Json(Response response) => JsonDocument.Parse(response.Content.ToMemory());
}
