using System.Diagnostics.Tracing;
using Azure.Core.Diagnostics;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Pipeline.Lakehouse.Storage;
using Pipeline.Local.Emulators;
using Pipeline.Testing;

namespace Pipeline.Lakehouse.Tests.Storage;

/// <summary>Runs on Azurite, or on the account whose connection string the environment variable PIPELINE_TEST_BLOB_LAKE holds.</summary>
public sealed class BlobLakeTests(AzuriteFixture azurite) : LakeContractTests
{
    private readonly string connectionString = Environment.GetEnvironmentVariable("PIPELINE_TEST_BLOB_LAKE") ?? azurite.ConnectionString;

    protected override ILake CreateLake() => new BlobLake(new BlobServiceClient(connectionString, BlobLake.Options()));

    protected override async Task DeleteContainerAsync() => await new BlobContainerClient(connectionString, Container).DeleteIfExistsAsync();

    [Fact]
    public async Task ListAsync_DirectoryMarkersAndUploadersHash_AreUnderstood()
    {
        var container = new BlobContainerClient(connectionString, Container);
        await container.GetBlobClient("landing/marked").UploadAsync(BinaryData.Empty, new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["hdi_isfolder"] = "true" } });
        await container.GetBlobClient("landing/x.csv").UploadAsync(
            new BinaryData("x"), new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["md5"] = "ABC0" } });
        await container.GetBlobClient("landing/x.csv").SetHttpHeadersAsync(new BlobHttpHeaders { ContentType = "text/csv" });

        var file = Assert.Single(await Lake.ListAsync(Path("landing"), default).ToListAsync());

        Assert.Equal(("landing/x.csv", "abc0"), (file.Path.Path, file.ContentHash));
        Assert.Equal(file, await Lake.FindAsync(file.Path, default));
        Assert.Null(await Lake.FindAsync(Path("landing/marked"), default));
    }

    [Theory]
    [InlineData("put")]
    [InlineData("list")]
    public async Task TryCreateAsync_AnswerLostAfterTheWrite_IsTrue(string part)
    {
        // The first answer never arrives although the service has written: the SDK repeats the request and is told that the file is there.
        using var handler = new LosesAnswers(request => request.Method == HttpMethod.Put && request.RequestUri!.AbsolutePath.EndsWith("uncertain", StringComparison.Ordinal)
            && (part == "list") == request.RequestUri.Query.Contains("comp=blocklist", StringComparison.Ordinal));
        using var http = new HttpClient(handler);
        var lake = new BlobLake(new BlobServiceClient(connectionString, WithTransport(http)));
        var file = System.IO.Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, new byte[5 << 20]);

        if (part == "put")
        {
            Assert.True(await lake.TryCreateAsync(Path("uncertain"), "mine"u8.ToArray(), default));
        }
        else
        {
            Assert.Equal(5 << 20, (await lake.UploadAsync(file, Path("uncertain"), overwrite: false, default)).SizeBytes);
        }

        Assert.Equal(1, handler.Lost);
        File.Delete(file);
    }

    [Fact]
    public async Task ReadAsync_NobodyListens_ThrowsTransient()
    {
        var nowhere = Azurite.ConnectionStringFor(1, 1, 1);
        var lake = new BlobLake(new BlobServiceClient(nowhere, new BlobClientOptions { Retry = { MaxRetries = 1, Delay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero } }));

        var error = await Assert.ThrowsAsync<TransientException>(() => lake.ReadAsync(Path("file"), default));

        Assert.Contains($"{Container}/file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_WrongKey_ThrowsTerminalThatSaysWhatToCheck()
    {
        var lake = new BlobLake(new BlobServiceClient(azurite.ConnectionString.Replace(Azurite.AccountKey, "d3Jvbmc=", StringComparison.Ordinal)));
        var error = await Assert.ThrowsAsync<TerminalException>(() => lake.ReadAsync(Path("file"), default));
        Assert.Contains("403", error.Message, StringComparison.Ordinal);
        Assert.Contains("Storage Blob Data Contributor", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_AllEventsOfTheSdk_TellNoSecretAndNoContent()
    {
        var events = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var listener = new AzureEventSourceListener((_, message) => events.Enqueue(message), EventLevel.Verbose);
        var container = new BlobContainerClient(connectionString, Container);
        var sas = container.GenerateSasUri(Azure.Storage.Sas.BlobContainerSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1));
        var signature = System.Web.HttpUtility.ParseQueryString(sas.Query)["sig"]!;
        await new BlobContainerClient(sas, BlobLake.Options()).GetBlobClient("by-sas").UploadAsync(new BinaryData("the content"));
        await Lake.TryCreateAsync(Path("by-key"), "the content"u8.ToArray(), default);
        await Lake.TryCreateAsync(Path("by-key"), "other"u8.ToArray(), default);

        Assert.Contains(events, message => message.Contains("by-sas", StringComparison.Ordinal));
        Assert.Contains(events, message => message.Contains("by-key", StringComparison.Ordinal));
        foreach (var secret in new[] { signature, Uri.EscapeDataString(signature), Azurite.AccountKey, "SharedKey " + Azurite.AccountName, "the content" })
        {
            Assert.DoesNotContain(events, message => message.Contains(secret, StringComparison.Ordinal));
        }
    }

    private static BlobClientOptions WithTransport(HttpClient http)
    {
        var options = BlobLake.Options();
        options.Transport = new HttpClientTransport(http);
        options.Retry.Delay = options.Retry.MaxDelay = TimeSpan.FromMilliseconds(1);
        return options;
    }

    /// <summary>Lets one matching request through and then breaks the connection before its answer.</summary>
    private sealed class LosesAnswers(Predicate<HttpRequestMessage> matches) : DelegatingHandler(new HttpClientHandler())
    {
        public int Lost { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (Lost == 0 && matches(request))
            {
                Lost++;
                answer.Dispose();
                throw new HttpRequestException("The connection was closed.");
            }

            return answer;
        }
    }
}
