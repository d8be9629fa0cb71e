using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Events;
using Pipeline.Medallion.Tests.Sources.Rest;

namespace Pipeline.Medallion.Tests.Sources.File.Remote;

/// <summary>A file of a web server, as runs take it.</summary>
public sealed class WebFileTests(MedallionFixture medallion)
{
    private const string Secret = "planted-s3cret/word+1=";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_FileThatStaysAndChanges_IsReadOnceForEachContent()
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(3));
        var pipeline = await shelf.PipelineAsync(medallion, url: $"{shelf.Url}?version=7");

        await pipeline.SucceedAsync("bronze.orders");
        Assert.Equal(["HEAD", "GET"], shelf.Asked);
        Assert.Equal($"3|{shelf.Url}", await pipeline.ScalarAsync("select count(*), any_value(_file) from bronze.orders"));
        Assert.All(shelf.Shop.Requests, request => Assert.Equal("/v1/data/orders.csv?version=7", request));

        shelf.Asked.Clear();
        Assert.Empty((await pipeline.SucceedAsync("bronze.orders")).Built);
        Assert.Equal(["HEAD"], shelf.Asked);

        (shelf.Content, shelf.ETag) = (Encoding.UTF8.GetBytes("id,text\n1,new\n9,new\n"), "\"2\"");
        await pipeline.SucceedAsync("bronze.orders");
        Assert.Equal(["1|new", "9|new"], await pipeline.QueryAsync("select id, text from bronze.orders order by id"));
        Assert.Equal(["HEAD", "HEAD", "GET"], shelf.Asked);
    }

    [Theory]
    [InlineData("modified", 1)]
    [InlineData("weak", 2)]
    public async Task Run_ServerWithoutStrongETag_TakesNothingTwice(string kind, int downloads)
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(3), kind == "weak" ? "W/\"1\"" : null);
        shelf.Modified = kind == "modified" ? DateTimeOffset.UtcNow.AddDays(-1) : null;
        shelf.KnowsHead = false;
        var pipeline = await shelf.PipelineAsync(medallion);

        await pipeline.SucceedAsync("bronze.orders");
        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal("3|1", await pipeline.ScalarAsync("select count(*), count(distinct _run_id) from bronze.orders"));
        Assert.Equal(downloads, shelf.Asked.Count(a => a == "GET"));
        Assert.Equal(2, shelf.Asked.Count(a => a == "GET bytes=0-0"));
    }

    [Fact]
    public async Task Run_PackedFile_IsUnpackedAfterItsChecksumWasLookedAt()
    {
        await using var shelf = await WebShelf.StartAsync(medallion, "");
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(WebShelf.Rows(1000)), Cancelled);
        }

        shelf.Content = packed.ToArray();
        shelf.Headers["Content-Encoding"] = "gzip";
        shelf.Headers["Repr-Digest"] = $"unixsum=:1:, {WebShelf.Sha256(shelf.Content)}";
        var pipeline = await shelf.PipelineAsync(medallion, url: $"{shelf.Url}.gz");

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal("1000", await pipeline.ScalarAsync("select count(distinct id) from bronze.orders"));
    }

    [Theory]
    [InlineData("404", "is not there (HTTP 404). Check the source's 'path'")]
    [InlineData("401", "is refused (HTTP 401): the server does not accept what connection 'shop' is known by")]
    [InlineData("302 http://other.example.com/orders.csv?stolen=", "is redirected to another server, http://other.example.com, which was not asked")]
    [InlineData("302 http://127.0.0.1:1/orders.csv", "is redirected to another server, http://127.0.0.1:1,")]
    [InlineData("302 /v1/data/orders.csv", "leads from one URL to the next without an end")]
    [InlineData("503", "is not given for now (HTTP 503). It may pass.")]
    public async Task List_FileThatNobodyGives_TellsWhyWithoutTheSecret(string answer, string expected)
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(1));
        shelf.Before = context =>
        {
            Assert.Equal($"Bearer {Secret}", context.Request.Headers.Authorization);
            context.Response.StatusCode = int.Parse(answer.AsSpan(0, 3), System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers.Location = answer.Length > 3 ? answer[4..] + (answer.EndsWith('=') ? Uri.EscapeDataString(Secret) : "") : default;
            return true;
        };

        var error = await Assert.ThrowsAnyAsync<LakehouseException>(() => shelf.OpenAsync(file => file.ListAsync(Cancelled).FirstAsync(Cancelled).AsTask(), auth: $"Auth=bearer;Token=\"{Secret}\""));

        Assert.Equal(expected.EndsWith("It may pass.", StringComparison.Ordinal), error is TransientException);
        Assert.Contains($"The file {shelf.Url} {expected}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ConnectionOfAnotherServer_IsRefusedAndNobodyIsAsked()
    {
        await using var other = await RestShop.StartAsync(medallion, _ => Task.CompletedTask);
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(1));
        var pipeline = await shelf.PipelineAsync(medallion, "connection: shop", url: $"{other.Url}/orders.csv", auth: $"Auth=bearer;Token=\"{Secret}\"");

        var report = await pipeline.RunAsync("bronze.orders");

        Assert.Contains($"The file {other.Url}/orders.csv is not of the server of connection 'shop': expected a URL that begins with {shelf.Shop.Url}.", report.Run.Error, StringComparison.Ordinal);
        Assert.Empty(other.Requests);
        Assert.Empty(shelf.Asked);
    }

    [Fact]
    public async Task Run_RedirectWithinTheServer_IsFollowed()
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(5));
        shelf.Before = context =>
        {
            var isLatest = context.Request.Path == "/latest.csv";
            context.Response.Redirect(isLatest ? "/v1/data/orders.csv" : "");
            context.Response.StatusCode = isLatest ? 302 : 200;
            return isLatest;
        };
        var pipeline = await shelf.PipelineAsync(medallion, url: $"{shelf.Shop.Url}/latest.csv");

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal($"5|{shelf.Shop.Url}/latest.csv", await pipeline.ScalarAsync("select count(*), any_value(_file) from bronze.orders"));
    }

    [Fact]
    public async Task Run_FileThatIsRefused_HasTheSecretNowhere()
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(1));
        shelf.Before = context =>
        {
            context.Response.StatusCode = context.Request.Query["code"] == Secret ? 403 : 500;
            context.Response.WriteAsync($"not for {context.Request.Query["code"]}").Wait();
            return true;
        };
        var pipeline = await shelf.PipelineAsync(medallion, "connection: shop", auth: $"Auth=apikey;Query=code;Key=\"{Secret}\"");

        var report = await pipeline.RunAsync("bronze.orders");

        Assert.Contains("The answer begins with: not for ***", report.Run.Error, StringComparison.Ordinal);
        var events = await pipeline.Floor.GetRequiredService<EventLog>().ReadAsync(new EventFilter { Source = $"{pipeline.Name}/bronze.orders" }, 0, 100, Cancelled);
        Assert.NotEmpty(events.Events);
        Assert.DoesNotContain("s3cret", Json.Write(report) + Json.Write(events), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Download_FileThatComesPackedThoughItsNameDoesNotSaySo_IsTerminal()
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(1));
        shelf.Headers["Content-Encoding"] = "br";

        var error = await Assert.ThrowsAsync<TerminalException>(() => shelf.DownloadAsync());

        Assert.Contains("comes packed (Content-Encoding: br): expected it as it is", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://example.com/a.csv", "is no URL of a file: expected one such as https://")]
    [InlineData("https://app:s3cret@example.com/a.csv", "is no URL of a file")]
    [InlineData("https://example.com/*.csv", "is no URL of a file")]
    [InlineData("https://partner.blob.core.windows.net/export/*.csv?sv=1", "has a '?', which begins a query in a URL")]
    [InlineData("http://example.com/a.csv", "is a URL without TLS, which only a server on this machine may have")]
    [InlineData("https://example.com/a.csv?se=1&sig=s3cret", "has the parameter 'sig', which carries a secret: expected it in the app's setting Connections__NAME")]
    [InlineData("a.csv\", connection: \"shop", "has 'connection', which for files is what the server of a URL knows the app by")]
    public async Task Plan_UrlThatCannotBe_IsRefusedWithoutItsSecret(string path, string expected)
    {
        var pipeline = await TestPipeline.CreateAsync(medallion, $"sources:\n  orders: {{connector: file, path: \"{path}\"}}");

        var error = await pipeline.RefusedAsync();

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.Message, StringComparison.Ordinal);
    }
}
