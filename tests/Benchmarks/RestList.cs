using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Pipeline.Local.Emulators;

namespace Pipeline.Benchmarks;

/// <summary>An HTTP API with lists of sales: <c>GET /NAME?since=TIME&amp;after=PLACE</c> answers with 5,000 at a time. Each was changed a second after the one before.</summary>
internal sealed class RestList : IAsyncDisposable
{
    private const int PageRows = 5_000;
    private static readonly DateTime Begin = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private readonly HttpListener listener = new();
    private readonly Task answering;

    public RestList()
    {
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePorts.Take()}/"));
        listener.Prefixes.Add(Url.ToString());
        listener.Start();
        answering = AnswerAsync();
    }

    public Uri Url { get; }

    /// <summary>How many records each list has.</summary>
    public ConcurrentDictionary<string, long> Rows { get; } = new(StringComparer.Ordinal);

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await answering;
    }

    private async Task AnswerAsync()
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                var query = context.Request.QueryString;
                var since = query["since"] is { } text ? (long)(DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal) - Begin).TotalSeconds : 0;
                var first = query["after"] is { } place ? long.Parse(place, CultureInfo.InvariantCulture) : since;
                context.Response.ContentType = "application/json";
                context.Response.Close(Page(first, Rows[context.Request.Url?.AbsolutePath.Trim('/') ?? ""]), willBlock: false);
            }
            catch (Exception failure) when (failure is HttpListenerException or ObjectDisposedException)
            {
                // It was closed, or who asked went away.
            }
        }
    }

    private static byte[] Page(long first, long rows)
    {
        var end = Math.Min(first + PageRows, rows);
        var page = new StringBuilder("{\"items\": [");
        for (var i = first; i < end; i++)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"{(i == first ? "" : ",")}{{\"order_id\":{i},\"customer_id\":\"C{i * 7919 % 200_000}\",\"product_id\":{i * 31 % 5_000},\"category\":\"{(i % 2 == 0 ? "dairy" : "seafood")}\",\"quantity\":{(i % 50) + 1},\"unit_price\":{i * 17 % 100_000 / 100m},\"discount\":{i % 30 / 100m},\"order_date\":\"{Begin.AddDays(i % 1_500):yyyy-MM-dd}\",\"changed\":\"{Begin.AddSeconds(i):yyyy-MM-dd'T'HH:mm:ss'Z'}\",\"channel\":\"{(i % 3 == 0 ? "web" : "shop")}\"}}");
        }

        return Encoding.UTF8.GetBytes(page.Append(CultureInfo.InvariantCulture, $"], \"next\": {(end < rows ? $"\"{end}\"" : "null")}}}").ToString());
    }
}
