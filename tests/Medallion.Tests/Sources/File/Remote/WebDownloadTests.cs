using System.Globalization;
using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Tests.Sources.Rest;

namespace Pipeline.Medallion.Tests.Sources.File.Remote;

/// <summary>Downloads that break off, and servers that tell what is not so.</summary>
public sealed class WebDownloadTests(MedallionFixture medallion)
{
    [Theory]
    [InlineData("etag")]
    [InlineData("modified")]
    public async Task Download_ThatBreaksOff_GoesOnWhereItBroke(string kind)
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(20_000), kind == "etag" ? "\"1\"" : null);
        shelf.Modified = DateTimeOffset.UtcNow.AddHours(-1);
        shelf.Headers["Repr-Digest"] = WebShelf.Sha256(shelf.Content);
        Breaks(shelf, 100_000, 50_000, 70_000, 1, 30_000, 40_000);

        var (_, text) = await shelf.DownloadAsync();

        // Each request asks for what had not come yet.
        var starts = shelf.Asked.Where(a => a.StartsWith("GET bytes=", StringComparison.Ordinal)).Select(a => int.Parse(a["GET bytes=".Length..^1], CultureInfo.InvariantCulture)).ToList();
        Assert.Equal([100_000, 150_000, 220_000, 220_001, 250_001, 290_001], starts);
        Assert.Equal(1, shelf.Asked.Count(a => a == "GET"));
        Assert.Equal(Encoding.UTF8.GetString(shelf.Content), text);
    }

    [Theory]
    [InlineData("no ranges")]
    [InlineData("nothing that tells")]
    [InlineData("changes")]
    [InlineData("changes and does not know If-Range")]
    [InlineData("another part")]
    [InlineData("shorter")]
    public async Task Download_ThatCannotGoOn_BeginsAnew(string kind)
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(2000, "old"), kind == "nothing that tells" ? null : "\"1\"");
        shelf.KnowsRanges = kind != "no ranges";
        Breaks(shelf, 10_000);
        var gets = 0;
        shelf.Before = context =>
        {
            if (context.Request.Method == "HEAD" || ++gets != 2)
            {
                return false;
            }

            (shelf.Content, shelf.ETag) = kind.StartsWith("changes", StringComparison.Ordinal) ? (Encoding.UTF8.GetBytes(WebShelf.Rows(2000, "new")), "\"2\"") : kind == "shorter" ? (Encoding.UTF8.GetBytes(WebShelf.Rows(10, "new")), "\"2\"") : (shelf.Content, shelf.ETag);
            if (kind == "changes and does not know If-Range")
            {
                context.Request.Headers.Remove("If-Range");
            }
            else if (kind == "another part")
            {
                context.Request.Headers.Range = "bytes=5000-";
            }

            return false;
        };

        var (file, text) = await shelf.DownloadAsync();

        Assert.Equal(Encoding.UTF8.GetString(shelf.Content), text);
        Assert.Equal((shelf.ETag ?? "\"1\"", shelf.Content.Length), (file.ETag, file.SizeBytes));
        Assert.Equal(gets, shelf.Asked.Count);
    }

    [Fact]
    public async Task Run_FileThatChangesAsItIsRead_IsTakenAsItWasRead()
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(2000, "old"));
        Breaks(shelf, 10_000);
        shelf.Before = context =>
        {
            if (context.Request.Headers.Range.Count > 0)
            {
                (shelf.Content, shelf.ETag) = (Encoding.UTF8.GetBytes(WebShelf.Rows(10, "new")), "\"2\"");
            }

            return false;
        };
        var pipeline = await shelf.PipelineAsync(medallion);

        await pipeline.SucceedAsync("bronze.orders");

        Assert.Equal("10|10", await pipeline.ScalarAsync("select count(*), count(*) filter (text like '% new') from bronze.orders"));
        Assert.Empty((await pipeline.SucceedAsync("bronze.orders")).Built);
    }

    [Theory]
    [InlineData("Repr-Digest", "its SHA256 is")]
    [InlineData("Content-MD5", "its MD5 is")]
    [InlineData("x-ms-blob-content-md5", "its MD5 is")]
    public async Task Download_ChecksumThatIsNotTheFiles_IsTransient(string header, string expected)
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(10));
        shelf.Headers[header] = header == "Repr-Digest" ? WebShelf.Sha256([1]) : Convert.ToBase64String(new byte[16]);

        var error = await Assert.ThrowsAsync<TransientException>(() => shelf.DownloadAsync());

        Assert.Contains($"The file {shelf.Url} is not what the server says it is: {expected}", error.Message, StringComparison.Ordinal);
        Assert.Equal(RestShop.Quick.Attempts, shelf.Asked.Count(a => a == "GET"));
    }

    [Fact]
    public async Task Download_BytesDamagedOnce_AreReadAgain()
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(10));
        var content = shelf.Content;
        shelf.Headers["Repr-Digest"] = WebShelf.Sha256(content);
        shelf.Before = context =>
        {
            shelf.Content = shelf.Asked.Count == 1 ? new byte[content.Length] : content;
            return false;
        };

        var (file, _) = await shelf.DownloadAsync();

        Assert.Equal(2, shelf.Asked.Count);
        Assert.Equal(("\"1\"", content.Length), (file.ETag, file.SizeBytes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Download_FileThatIsTooLarge_IsTerminal(bool saysItsLength)
    {
        await using var shelf = await WebShelf.StartAsync(medallion, WebShelf.Rows(20_000));
        shelf.Before = context =>
        {
            if (!saysItsLength)
            {
                context.Response.Body.WriteAsync(shelf.Content).AsTask().Wait();
            }

            return !saysItsLength;
        };

        var error = await Assert.ThrowsAsync<TerminalException>(() => shelf.DownloadAsync(100_000));

        Assert.Contains("is larger than 100,000 bytes, which an activity has of scratch disk: raise Engine__ScratchBytes", error.Message, StringComparison.Ordinal);
        Assert.Single(shelf.Asked);
    }

    private static void Breaks(WebShelf shelf, params int[] lengths)
    {
        foreach (var length in lengths)
        {
            shelf.Breaks.Enqueue(length);
        }
    }
}
