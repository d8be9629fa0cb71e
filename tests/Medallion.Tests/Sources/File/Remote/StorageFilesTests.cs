using System.Text;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Sources;
using Pipeline.Medallion.Sources.File.Remote;
using Pipeline.Medallion.Sources.Health;
using Pipeline.Medallion.Tests.Sources.Rest;

namespace Pipeline.Medallion.Tests.Sources.File.Remote;

/// <summary>Files of another storage account, as runs take them.</summary>
public sealed class StorageFilesTests(MedallionFixture medallion)
{
    private static int count;
    private readonly BlobContainerClient container = new(medallion.OtherConnectionString, $"sales-{Interlocked.Increment(ref count)}");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_Glob_TakesEachContentOnce()
    {
        await PutAsync("2024/a.csv", "id,text\n1,a\n2,a\n");
        await PutAsync("2024/deep/b.csv", "id,text\n3,b\n");
        await PutAsync("2024/b.txt", "nothing of it");
        var pipeline = await PipelineAsync($"{container.Uri}/2024/**/*.csv");

        await pipeline.SucceedAsync();
        Assert.Equal([$"{container.Uri}/2024/a.csv|2", $"{container.Uri}/2024/deep/b.csv|1"], await pipeline.QueryAsync("select _file, count(*) from bronze.orders group by 1 order by 1"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);

        await PutAsync("2024/a.csv", "id,text\n1,changed\n");
        await PutAsync("2024/deep/b.csv", "id,text\n3,b\n");
        await PutAsync("2024/c.csv", "id,text\n4,c\n");
        await pipeline.SucceedAsync();

        Assert.Equal(["1|changed|2", "3|b|1", "4|c|2"], await pipeline.QueryAsync("select id, text, dense_rank() over (order by _run_id) from bronze.orders order by id"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_Full_LosesTheRowsOfAFileThatIsGone()
    {
        await PutAsync("a.csv", "id\n1\n");
        await PutAsync("b.csv", "id\n2\n");
        var pipeline = await PipelineAsync($"{container.Uri}/*.csv", "load: full, key: [id]");
        await pipeline.SucceedAsync();

        await container.DeleteBlobAsync("a.csv", cancellationToken: Cancelled);
        await pipeline.SucceedAsync();

        Assert.Equal(["2"], await pipeline.QueryAsync("select id from silver.orders"));
    }

    [Fact]
    public async Task Run_FileThatChangesAfterThePlan_IsTakenAsItIs()
    {
        await PutAsync("a.csv", "id\n1\n");
        var pipeline = await PipelineAsync($"{container.Uri}/a.csv");
        var driver = new RunDriver(pipeline.Floor) { Planned = _ => PutAsync("a.csv", "id\n1\n2\n3\n") };

        var report = await driver.RunAsync(await pipeline.RequestAsync(), Cancelled);

        Assert.True(report.Run.Error is null, report.Run.Error);
        Assert.Equal("3", await pipeline.ScalarAsync("select count(*) from bronze.orders"));
        Assert.Empty((await pipeline.SucceedAsync()).Built);
    }

    [Fact]
    public async Task Run_SharedAccessSignature_OpensWhatItIsFor()
    {
        await PutAsync("a.csv", "id\n1\n");
        var sas = container.GenerateSasUri(BlobContainerSasPermissions.Read | BlobContainerSasPermissions.List, DateTimeOffset.UtcNow.AddHours(1)).Query.TrimStart('?');
        var account = container.Uri.AbsoluteUri[..container.Uri.AbsoluteUri.LastIndexOf('/')];

        var pipeline = await PipelineAsync($"{container.Uri}/*.csv", connection: $"BlobEndpoint={account};SharedAccessSignature={sas}");
        await pipeline.SucceedAsync();
        var secret = sas[(sas.IndexOf("sig=", StringComparison.Ordinal) + 4)..];
        var other = await PipelineAsync($"{container.Uri}/*.csv", connection: $"BlobEndpoint={account};SharedAccessSignature={sas.Replace("sig=", "sig=A", StringComparison.Ordinal)}");
        var error = await other.UnscannedAsync<TerminalException>("orders");
        var elsewhere = await PipelineAsync($"{account}-not/a/*.csv", connection: $"BlobEndpoint={account};SharedAccessSignature={sas}");
        var stranger = await elsewhere.UnscannedAsync<TerminalException>("orders");

        Assert.Equal("1", await pipeline.ScalarAsync("select count(*) from silver.orders"));
        Assert.StartsWith($"Storage refused listing {container.Uri}/*.csv (403 ", error.Message, StringComparison.Ordinal);
        Assert.Contains($"expected a URL such as {account}/CONTAINER/sales/*.csv", stranger.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, $"{error}{stranger}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere/*.csv", null, "Storage refused listing {0}/nowhere/*.csv (404 ContainerNotFound).")]
    [InlineData("/nowhere/a.csv", null, "Storage refused looking at {0}/nowhere/a.csv (404 ContainerNotFound).")]
    [InlineData("/*/a.csv", null, "The files {0}/*/a.csv are not in a container of connection 'other': expected a URL such as {0}/CONTAINER/sales/*.csv")]
    [InlineData("/a/b.csv", "AccountName=third;AccountKey=czNjcmV0;BlobEndpoint=http://127.0.0.1:9/third", "are not in a container of connection 'other': expected a URL such as http://127.0.0.1:9/third/CONTAINER/sales/*.csv")]
    [InlineData("/a/*.csv", "Url=http://127.0.0.1:9;Auth=bearer;Token=czNjcmV0", "are of a storage account, but Connections__other is that of a web server, which lists none")]
    [InlineData("/a/*.csv", "AccountName=third;AccountKey=czNjcmV0;BlobEndpoint=http://example.com/third", "it allows a connection without TLS")]
    public async Task Run_WhatCannotBe_IsRefusedWithoutTheSecret(string path, string? connection, string expected)
    {
        var account = new BlobServiceClient(medallion.OtherConnectionString).Uri;
        var pipeline = await PipelineAsync(account + path, connection: connection);

        var error = await pipeline.UnscannedAsync<TerminalException>("orders");

        Assert.Contains(string.Format(System.Globalization.CultureInfo.InvariantCulture, expected, account), error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("czNjcmV0", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://partner.dfs.core.windows.net/export/sales/*.csv", null, true)]
    [InlineData("https://partner.blob.core.windows.net/export/sales/a.csv", "https://partner.blob.core.windows.net", true)]
    [InlineData("https://partner.dfs.core.windows.net/export/sales/a.csv", "https://partner.blob.core.windows.net/", true)]
    [InlineData("https://partner.blob.core.windows.net/export/sales/a.csv", null, false)]
    [InlineData("https://partner.blob.core.windows.net/export/sales/a.csv", "Url=https://partner.blob.core.windows.net;Auth=apikey;Query=sig;Key=s3cret", false)]
    public void Find_ByIdentity_OpensAccountsAndLeavesWebServersAlone(string url, string? connection, bool isAccount)
    {
        var accounts = new StorageAccounts(new Connections([KeyValuePair.Create("other", connection)]), RestShop.Quick, new DefaultAzureCredential());

        Assert.Equal(isAccount, accounts.Find(new RemoteDefinition { Url = new Uri(url), Connection = connection is null ? null : "other" }, 1, 1000) is not null);
        Assert.Contains(
            "expected a URL such as https://third.blob.core.windows.net/CONTAINER/sales/*.csv",
            Assert.Throws<TerminalException>(() => new StorageAccounts(new Connections([KeyValuePair.Create<string, string?>("third", "https://third.blob.core.windows.net")]), RestShop.Quick, new DefaultAzureCredential())
                .Find(new RemoteDefinition { Url = new Uri(url), Connection = "third" }, 1, 1000)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AccountThatIsDown_MayPass()
    {
        var pipeline = await PipelineAsync("http://127.0.0.1:9/third/a/*.csv", connection: "AccountName=third;AccountKey=czNjcmV0;BlobEndpoint=http://127.0.0.1:9/third");

        await pipeline.UnscannedAsync<TransientException>("orders");
        var monitor = pipeline.Floor.GetRequiredService<SourceMonitor>();
        await monitor.CheckAsync(pipeline.Name, Cancelled);

        Assert.False(Assert.Single(await monitor.ListAsync(pipeline.Name, Cancelled)).Check?.Reachable);
    }

    private async Task PutAsync(string path, string content)
    {
        await container.CreateIfNotExistsAsync(cancellationToken: Cancelled);
        await container.GetBlobClient(path).UploadAsync(BinaryData.FromBytes(Encoding.UTF8.GetBytes(content)), overwrite: true, Cancelled);
    }

    private async Task<TestPipeline> PipelineAsync(string url, string keys = "key: [id]", string? connection = null) =>
        (await TestPipeline.CreateAsync(medallion, $"sources:\n  orders: {{connector: file, connection: other, path: \"{url}\", {keys}}}")).On(medallion.Compose(TimeProvider.System, services =>
        {
            services.AddSingleton(new Connections([KeyValuePair.Create<string, string?>("other", connection ?? medallion.OtherConnectionString)]));
            services.AddSingleton(RestShop.Quick);
        }));
}
