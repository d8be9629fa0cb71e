using System.Runtime.CompilerServices;
using System.Text.Json;
using Azure.Core;

namespace Azure.Data.Tables;

/// <summary>A query's parameters; a page ends where the service sends the continuation headers <c>x-ms-continuation-…</c> of these names.</summary>
internal sealed record TableQuery(string Filter, int? MaxPerPage, IEnumerable<string> Select, IReadOnlyList<string> Continuation);

/// <summary>A query's pages, fetched one after the other as they are asked for.</summary>
internal sealed class TablePages<T>(TablesPipeline pipeline, string path, TableQuery query, Func<JsonElement, T> read, CancellationToken pageableToken) : AsyncPageable<T>(pageableToken)
{
    public override IAsyncEnumerable<Page<T>> AsPages(string continuationToken = null, int? pageSizeHint = null) => PagesAsync(continuationToken, pageSizeHint, CancellationToken);

    private async IAsyncEnumerable<Page<T>> PagesAsync(string token, int? size, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            var page = await PageAsync(token, size, cancellationToken).ConfigureAwait(false);
            token = page.ContinuationToken;
            yield return page;
        }
        while (token is not null);
    }

    private async Task<Page<T>> PageAsync(string token, int? size, CancellationToken cancellationToken)
    {
        var uri = pipeline.Address(path);
        Append("$filter", query.Filter);
        Append("$select", query.Select is null ? null : string.Join(',', query.Select));
        Append("$top", (size ?? query.MaxPerPage)?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var parts = token?.Split(' ', query.Continuation.Count) ?? [];
        for (var i = 0; i < parts.Length; i++)
        {
            Append(query.Continuation[i], parts[i]);
        }

        var response = await pipeline.SendAsync(pipeline.Message(RequestMethod.Get, uri), null, cancellationToken).ConfigureAwait(false);
        using var json = TablesPipeline.Json(response);
        var values = json.RootElement.GetProperty("value").EnumerateArray().Select(read).ToList();
        var next = query.Continuation.Select(name => response.Headers.TryGetValue("x-ms-continuation-" + name, out var value) ? value : "").ToList();
        return Page<T>.FromValues(values, next.All(part => part.Length == 0) ? null : string.Join(' ', next), response);

        void Append(string name, string value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                uri.AppendQuery(name, value, escapeValue: true);
            }
        }
    }
}
