using System.Globalization;
using System.Runtime.CompilerServices;
using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>Goes through the pages of a list, from the first to the last. What never ends, or comes again, is told.</summary>
/// <param name="client">Asks.</param>
/// <param name="requests">What is asked for.</param>
/// <param name="rest">How pages follow each other.</param>
/// <param name="scratch">The file that an answer lies in while it is read.</param>
internal sealed class RestWalk(RestClient client, RestRequests requests, RestDefinition rest, string scratch)
{
    private const int MostRepeats = 3;
    private readonly HashSet<string> contents = new(StringComparer.Ordinal);
    private readonly HashSet<string> places = new(StringComparer.Ordinal);
    private RestAnswer? only;
    private long records;
    private int pages;
    private int repeats;

    /// <summary>Whether a list of records was seen where it is expected.</summary>
    public bool IsProven { get; init; }

    /// <summary>Whether pages that are equal but for their place were asked for more than once.</summary>
    public bool HasSeveral => pages > 1;

    /// <summary>What tells whether the list has changed; null where one answer does not tell of all of it.</summary>
    public RestValidator? Validator => pages == 1 && rest.Pages?.By != PageBy.Link && only is { Validator: { Tells: true } validator } ? validator : null;

    /// <summary>Whether the first answer did not say at all what comes next.</summary>
    public bool EndedWithoutWord { get; private set; }

    /// <summary>The pages, in their order.</summary>
    /// <param name="target">Where the records of the page to come go.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<PageContent> PagesAsync(Func<Stream> target, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = requests.First();
        places.Add(request.Url.AbsoluteUri);
        while (request is not null)
        {
            if (++pages > (rest.Pages?.Max ?? 1))
            {
                throw new TerminalException(string.Create(CultureInfo.InvariantCulture, $"The list {rest.Name} has more than {rest.Pages?.Max ?? 1:n0} pages, and may not end at all. Nothing was committed. Where it does end, raise 'pages: {{max: …}}', or ask for more records at a time."));
            }

            var (answer, content) = await ReadAsync(request, target(), cancellationToken);
            only = answer;
            Guard(content);
            records += content.Records;
            yield return content;
            request = Next(request, answer, content);
        }
    }

    private async Task<(RestAnswer Answer, PageContent Content)> ReadAsync(RestRequest request, Stream target, CancellationToken cancellationToken)
    {
        var (page, begin) = (pages, target.Position);
        var content = new PageContent(0, "");
        var answer = await client.FetchAsync(
            page,
            request,
            scratch,
            found =>
            {
                // What an attempt that broke off had written is gone.
                target.SetLength(begin);
                target.Position = begin;
                using var reader = new PageReader(rest, client.Name(page), page, target, client.Shown);
                content = found.IsEmpty ? new PageContent(0, "") : reader.Read(scratch, IsProven || records > 0);
            },
            cancellationToken);
        return (answer, content);
    }

    // Where pages are places in a list that others change, a record may move from one page to the next as they are asked for, and come again; what comes again and again stands still.
    private void Guard(PageContent content)
    {
        repeats = content.Records > 0 && !contents.Add(content.Hash) ? repeats + 1 : 0;
        if (repeats > (rest.Pages?.By is PageBy.Page or PageBy.Offset ? MostRepeats : 0))
        {
            throw new TerminalException($"{client.Name(pages)} has the same {content.Records} records as a page before: the API gives a page again, and such a list does not end. Nothing was committed. Check 'pages' of the source: whether the parameter is named as the API expects it, and whether its records have an order.");
        }
    }

    private RestRequest? Next(RestRequest request, RestAnswer answer, PageContent content)
    {
        if (rest.Pages is not { } paging || content.More == false)
        {
            return null;
        }

        switch (paging.By)
        {
            case PageBy.Page:
                return content.Records == 0 ? null : requests.At(request, paging.First + pages);
            case PageBy.Offset:
                return content.Records == 0 ? null : requests.At(request, paging.First + records);
            case PageBy.Cursor:
                EndedWithoutWord = pages == 1 && content is { HasNext: false, More: null };
                return string.IsNullOrEmpty(content.Next) ? null : requests.After(request, Once(content.Next));
            default:
                EndedWithoutWord = pages == 1 && paging.Next is not null && content is { HasNext: false, More: null };
                return (paging.Next is null ? answer.Link : content.Next) is { Length: > 0 } next ? request with { Url = new Uri(Once(client.Own(pages, answer.Url, next, "leads").AbsoluteUri)) } : null;
        }
    }

    private string Once(string place) => places.Add(place) ? place : throw new TerminalException(
        $"{client.Name(pages)} leads back to a page before: it names the same {(rest.Pages?.By == PageBy.Link ? "URL" : "cursor")} again, and such a list does not end. Nothing was committed. Check 'pages' of the source, or tell the API's owner.");
}
