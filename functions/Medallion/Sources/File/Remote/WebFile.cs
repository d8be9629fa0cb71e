using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace Pipeline.Medallion.Sources.File.Remote;

/// <summary>One file of a web server. Where it changed since the plan it is taken as it is now: it is read as a whole, and the ledger notes what was read.</summary>
/// <param name="server">The server.</param>
/// <param name="mostBytes">How large the file may be.</param>
/// <param name="clock">Tells when it was looked at.</param>
internal sealed class WebFile(WebServer server, long mostBytes, TimeProvider clock) : ILandingFiles
{
    /// <inheritdoc/>
    public bool HasRanges => false;

    /// <inheritdoc/>
    public async IAsyncEnumerable<LandedFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        WebVersion? found = null;
        var attempt = await server.RetryAsync(
            async token =>
            {
                // Not every server knows HEAD, and some refuse it where they give the file: what a GET gets is what counts.
                var head = await server.AskAsync(HttpMethod.Head, _ => { }, (answer, _) => Task.FromResult(Look(answer)), token);
                return found is not null || head.Fault is not null ? head
                    : await server.AskAsync(HttpMethod.Get, message => message.Headers.Range = new RangeHeaderValue(0, 0), async (answer, patience) => found is null && !IsThere(answer) ? await server.RefusedAsync(answer, patience.Token) : Look(answer), token);
            },
            cancellationToken);
        if (attempt.Fault is { } fault)
        {
            throw fault;
        }

        // Content that nothing tells from another is taken, and its hash decides.
        var name = found?.Names is [var known, ..] ? known : string.Create(CultureInfo.InvariantCulture, $"unknown at {clock.GetUtcNow():O}");
        yield return new LandedFile { Path = server.Name, ETag = name, SizeBytes = found?.Length ?? 0, Hash = found?.Md5 };

        WebAttempt Look(HttpResponseMessage answer)
        {
            found = IsThere(answer) ? WebVersion.Of(answer) : null;
            return WebAttempt.Done;
        }
    }

    /// <inheritdoc/>
    public async Task<LandedFile> DownloadAsync(LandedFile file, string local, CancellationToken cancellationToken)
    {
        var download = new WebDownload(server, file, local, mostBytes);
        while (true)
        {
            var before = download.MostBytes;
            var attempt = await server.RetryAsync(download.TryAsync, cancellationToken);
            if (download.File is { } read)
            {
                return read;
            }

            // As long as more of it comes, it goes on.
            if (attempt.Fault is { } fault && (attempt.IsFinal || !download.CanGoOn || download.MostBytes <= before))
            {
                throw fault;
            }
        }
    }

    // The first byte of an empty file is none (416).
    private static bool IsThere(HttpResponseMessage answer) => answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable;
}
