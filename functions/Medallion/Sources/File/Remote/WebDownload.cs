using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Pipeline.Lakehouse;

namespace Pipeline.Medallion.Sources.File.Remote;

/// <summary>The download of a file, which goes on where it broke off, as far as the server says that the content is the same.</summary>
internal sealed class WebDownload(WebServer server, LandedFile planned, string local, long mostBytes)
{
    private WebVersion? version;

    /// <summary>The most bytes that were there at a time.</summary>
    public long MostBytes { get; private set; }

    /// <summary>Whether something is there that it can go on from.</summary>
    public bool CanGoOn => version?.Condition is not null;

    /// <summary>The file as it was read; null: it is not whole yet.</summary>
    public LandedFile? File { get; private set; }

    /// <summary>Reads the rest of the file, or all of it.</summary>
    public async Task<WebAttempt> TryAsync(CancellationToken cancellationToken)
    {
        var condition = version?.Condition;
        var from = condition is null || !System.IO.File.Exists(local) ? 0 : new FileInfo(local).Length;
        return await server.AskAsync(
            HttpMethod.Get,
            message => (message.Headers.Range, message.Headers.IfRange) = from > 0 ? (new RangeHeaderValue(from, null), condition) : (null, null),
            (answer, patience) => ReadAsync(answer, from, patience),
            cancellationToken);
    }

    private async Task<WebAttempt> ReadAsync(HttpResponseMessage answer, long from, CancellationTokenSource patience)
    {
        var isRest = answer.StatusCode == HttpStatusCode.PartialContent;
        if ((isRest && !IsRestOf(answer, from)) || (from > 0 && answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable))
        {
            version = null;
            return WebAttempt.Failed($"The file {server.Name} changed while it was read, or the server gave another part of it than it was asked for. It may pass.");
        }

        if (!answer.IsSuccessStatusCode)
        {
            return await server.RefusedAsync(answer, patience.Token);
        }

        if (answer.Content.Headers.ContentEncoding.FirstOrDefault(e => !e.Equals("identity", StringComparison.OrdinalIgnoreCase)) is { } packed && FileContent.PackedEnding(server.Name).Length == 0)
        {
            throw new TerminalException($"The file {server.Name} comes packed (Content-Encoding: {(packed.All(char.IsAsciiLetterOrDigit) ? packed : "…")}): expected it as it is, or a name that ends in .gz or .zst.");
        }

        version = isRest ? version : WebVersion.Of(answer);
        var bytes = await CopyAsync(answer, isRest ? from : 0, patience);
        return await CheckAsync(bytes, patience.Token);
    }

    private bool IsRestOf(HttpResponseMessage answer, long from)
    {
        var now = WebVersion.Of(answer);
        return from > 0 && version is not null && answer.Content.Headers.ContentRange?.From == from
            && (now.Length is null || version.Length is null || now.Length == version.Length)
            && (now.Names.Count == 0 || now.Names.Intersect(version.Names).Any());
    }

    private async Task<long> CopyAsync(HttpResponseMessage answer, long from, CancellationTokenSource patience)
    {
        RequireRoom(version?.Length ?? 0);
        var buffer = new byte[128 * 1024];
        await using var body = await answer.Content.ReadAsStreamAsync(patience.Token);
        await using var target = new FileStream(local, from == 0 ? FileMode.Create : FileMode.Open, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous);
        target.Position = from;
        while (true)
        {
            patience.CancelAfter(server.Options.ReadTimeout);
            var count = await body.ReadAsync(buffer, patience.Token);
            if (count == 0)
            {
                return target.Position;
            }

            await target.WriteAsync(buffer.AsMemory(0, count), patience.Token);
            MostBytes = Math.Max(MostBytes, target.Position);
            RequireRoom(target.Position);
        }
    }

    private void RequireRoom(long bytes)
    {
        if (bytes > mostBytes)
        {
            throw new TerminalException(string.Create(CultureInfo.InvariantCulture, $"The file {server.Name} is larger than {mostBytes:n0} bytes, which an activity has of scratch disk: raise Engine__ScratchBytes, or lay the file into the container 'landing', where large ones are read in ranges."));
        }
    }

    // What is wrong is read anew from the beginning.
    private async Task<WebAttempt> CheckAsync(long bytes, CancellationToken cancellationToken)
    {
        var said = version ?? throw new InvalidOperationException("What was read has no version.");
        if ((said.Length ?? (said.Names.Contains(planned.ETag) && planned.SizeBytes > 0 ? planned.SizeBytes : bytes)) is var expected && bytes != expected)
        {
            version = null;
            return WebAttempt.Failed(string.Create(CultureInfo.InvariantCulture, $"The file {server.Name} has {bytes:n0} bytes, where the server says {expected:n0}. It may pass."));
        }

        var hash = await HashAsync(HashAlgorithmName.MD5, cancellationToken);
        foreach (var (algorithm, value) in said.Checksums)
        {
            if (await HashAsync(algorithm, cancellationToken) is var found && found != value)
            {
                version = null;
                return WebAttempt.Failed($"The file {server.Name} is not what the server says it is: its {algorithm.Name} is {found}, expected {value}. It may pass.");
            }
        }

        File = planned with { ETag = said.Names.Contains(planned.ETag) ? planned.ETag : said.Names is [var name, ..] ? name : planned.ETag, SizeBytes = bytes, Hash = hash };
        return WebAttempt.Done;
    }

    private async Task<string> HashAsync(HashAlgorithmName algorithm, CancellationToken cancellationToken)
    {
        await using var file = System.IO.File.OpenRead(local);
        return Convert.ToHexStringLower(await CryptographicOperations.HashDataAsync(algorithm, file, cancellationToken));
    }
}
