using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>Reads a list until it is known to be whole.</summary>
/// <remarks>Pages by number or offset are places in a list that others change: what goes from an earlier place, or moves to the end because it was changed, takes the next record
/// over the edge of a page that was read already. So the pages are asked for a second time. If none has changed, there was a moment at which all of them were as they were read.</remarks>
internal sealed class RestLoad(RestClient client, RestRequests requests, SourceDefinition source, RestDefinition rest, string scratch, long batchBytes, RestPosition? before)
{
    private static readonly Dictionary<string, string> NoTypes = [];
    private readonly List<string> hashes = [];
    private long records;

    /// <summary>Reads and lands the list.</summary>
    /// <param name="batches">Takes the records.</param>
    /// <param name="cursor">Takes their greatest.</param>
    /// <param name="walks">How often it is read at most.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task RunAsync(RecordBatches batches, RestCursor cursor, int walks, CancellationToken cancellationToken)
    {
        for (var number = 1; ; number++)
        {
            var walk = Walk();
            batches.Begin(cancellationToken);
            cursor.Begin(before?.Cursor, cancellationToken);
            await LandAsync(walk, batches, cursor, cancellationToken);
            var isWhole = rest.Pages?.Verify != true || !walk.HasSeveral || records == 0 || await IsStillAsync(cancellationToken);
            if (isWhole || number == walks)
            {
                batches.End(isWhole ? Whole(walk, batches, cursor, cancellationToken) : Partial(batches, walks));
                return;
            }
        }
    }

    private RestWalk Walk() => new(client, requests, rest, $"{scratch}-answer.json") { IsProven = before?.Keys.Count > 0 };

    private async Task LandAsync(RestWalk walk, RecordBatches batches, RestCursor cursor, CancellationToken cancellationToken)
    {
        hashes.Clear();
        records = 0;
        var file = $"{scratch}-records.txt";
        var target = Create(file);
        try
        {
            await foreach (var page in walk.PagesAsync(() => target, cancellationToken))
            {
                hashes.Add(page.Hash);
                records += page.Records;
                if (target.Length >= batchBytes)
                {
                    await target.DisposeAsync();
                    await TakeAsync(batches, cursor, file, mayBeOnly: false, cancellationToken);
                    target = Create(file);
                }
            }

            await target.DisposeAsync();
            await TakeAsync(batches, cursor, file, mayBeOnly: batches.Landed.Count == 0, cancellationToken);
        }
        finally
        {
            await target.DisposeAsync();
        }
    }

    // A page may be larger than a batch.
    private async Task TakeAsync(RecordBatches batches, RestCursor cursor, string file, bool mayBeOnly, CancellationToken cancellationToken)
    {
        var length = new FileInfo(file).Length;
        if (length <= batchBytes + (batchBytes / 2))
        {
            await (length == 0 ? Task.CompletedTask : TakeSliceAsync(batches, cursor, file, mayBeOnly, cancellationToken));
            return;
        }

        using var lines = new LineSlices(file, batchBytes);
        while (lines.Next($"{scratch}-slice.txt"))
        {
            await TakeSliceAsync(batches, cursor, $"{scratch}-slice.txt", isOnly: false, cancellationToken);
        }
    }

    private async Task TakeSliceAsync(RecordBatches batches, RestCursor cursor, string file, bool isOnly, CancellationToken cancellationToken)
    {
        await batches.TakeAsync(file, isOnly, NoTypes, cancellationToken);
        if (rest.Cursor is not null)
        {
            cursor.Look(cancellationToken);
        }
    }

    // The same pages again, of which only the hashes are kept.
    private async Task<bool> IsStillAsync(CancellationToken cancellationToken)
    {
        var page = 0;
        await foreach (var content in Walk().PagesAsync(() => Stream.Null, cancellationToken))
        {
            if (page == hashes.Count || hashes[page++] != content.Hash)
            {
                return false;
            }
        }

        return page == hashes.Count;
    }

    private RestLanded Whole(RestWalk walk, RecordBatches batches, RestCursor cursor, CancellationToken cancellationToken)
    {
        var (greatest, kind) = rest.Cursor is null ? (null, null) : cursor.Greatest(before?.Kind, cancellationToken);
        if (rest.Cursor is not null && greatest is null && records > 0)
        {
            throw cursor.Missing();
        }

        return new RestLanded(
            new RestPosition { Cursor = greatest, Kind = kind, Content = source.Load == LoadMode.Full ? batches.Content : null, Keys = batches.Keys, Validator = walk.Validator },
            walk.EndedWithoutWord ? $"The first answer has no '{rest.Pages?.Next}', which says what comes next: it was taken as the only page." : null);
    }

    private RestLanded Partial(RecordBatches batches, int walks) => source.Load == LoadMode.Full
        ? throw new TransientException(string.Create(CultureInfo.InvariantCulture, $"The list {rest.Name} changed each of the {walks} times that it was read: pages that do not belong together may miss a record. Nothing was committed. It may pass. 'pages: {{verify: false}}' takes what comes."))
        : new RestLanded(
            new RestPosition { Cursor = before?.Cursor, Kind = before?.Kind, Keys = batches.Keys },
            string.Create(CultureInfo.InvariantCulture, $"The list changed each of the {walks} times that it was read. What came is taken, and the next run looks at all of it again, for a record may have moved over the edge of a page."));

    private static FileStream Create(string file) => new(file, FileMode.Create, FileAccess.Write, FileShare.Read, 128 * 1024, FileOptions.Asynchronous);
}
