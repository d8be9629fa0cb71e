using System.Net;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Pipeline.Testing;

namespace Pipeline.Sdk.Tests.Tables;

public sealed class TableServiceClientTests(AzuriteFixture azurite)
{
    private const string Account = "devstoreaccount1";

    [Fact]
    public async Task QueryAsync_Tables_PagesThroughThem()
    {
        var service = new TableServiceClient(azurite.ConnectionString);
        var prefix = $"q{Guid.NewGuid():N}"[..12];
        var names = Enumerable.Range(0, 5).Select(number => $"{prefix}{number}").ToList();
        foreach (var name in names)
        {
            await service.CreateTableIfNotExistsAsync(name);
            await service.CreateTableIfNotExistsAsync(name);
        }

        var filter = $"TableName ge '{prefix}' and TableName lt '{prefix}9'";
        Assert.Equal(names, await service.QueryAsync(filter, maxPerPage: 2).Select(table => table.Name).ToListAsync());
        await service.DeleteTableAsync(names[0]);
        Assert.Equal(404, (await service.DeleteTableAsync(names[0])).Status);
        Assert.Equal(names[1..], await service.QueryAsync(filter).Select(table => table.Name).ToListAsync());
    }

    [Fact]
    public async Task CreateTableAsync_WrongKey_ThrowsForbidden()
    {
        var endpoint = new TableServiceClient(azurite.ConnectionString).Uri;
        var options = new TableClientOptions { Retry = { MaxRetries = 0 } };
        var service = new TableServiceClient(endpoint, new TableSharedKeyCredential(Account, Convert.ToBase64String("wrong"u8)), options);

        var error = await Assert.ThrowsAsync<Azure.RequestFailedException>(() => service.CreateTableAsync("refused"));

        Assert.Equal(403, error.Status);
    }

    [Theory]
    [InlineData("UseDevelopmentStorage=true", "http://127.0.0.1:10002/devstoreaccount1", Account)]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=house;AccountKey=a2V5;EndpointSuffix=core.windows.net", "https://house.table.core.windows.net/", "house")]
    [InlineData("AccountName=house;AccountKey=a2V5;TableEndpoint=http://localhost:1234/house", "http://localhost:1234/house", "house")]
    public void Uri_ConnectionString_IsItsTableEndpoint(string connectionString, string endpoint, string account)
    {
        var service = new TableServiceClient(connectionString);
        Assert.Equal((new Uri(endpoint), account), (service.Uri, service.AccountName));
    }

    [Fact]
    public void Constructor_BrokenConnectionString_ThrowsWithoutTellingTheKey()
    {
        var error = Assert.Throws<FormatException>(() => new TableServiceClient("AccountKey=c2VjcmV0;TableEndpoint=http://localhost"));
        Assert.DoesNotContain("c2VjcmV0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetEntityAsync_TokenCredential_SendsBearerAndRetriesServerErrors()
    {
        using var handler = new Answers(HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK);
        using var http = new HttpClient(handler);
        var options = new TableClientOptions { Transport = new HttpClientTransport(http), Retry = { Delay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero } };
        var service = new TableServiceClient(new Uri("https://house.table.core.windows.net"), new Token(), options);

        var entity = await service.GetTableClient("runs").GetEntityAsync<TableEntity>("p", "r");

        Assert.Equal("p", entity.Value.PartitionKey);
        Assert.Equal(["Bearer token-text", "Bearer token-text"], handler.Authorizations);
    }

    private sealed class Token : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) => new("token-text", DateTimeOffset.MaxValue);

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));
    }

    private sealed class Answers(params HttpStatusCode[] answers) : HttpMessageHandler
    {
        public List<string?> Authorizations { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Authorizations.Add(request.Headers.Authorization?.ToString());
            return Task.FromResult(new HttpResponseMessage(answers[Authorizations.Count - 1])
            {
                Content = new StringContent("""{"odata.etag": "W/\"1\"", "PartitionKey": "p", "RowKey": "r"}"""),
            });
        }
    }
}
