using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Pipeline.Medallion.Tests.Sources.Rest;

/// <summary>Orders as an API gives them, in the order of their last change, page by page. Every change takes a little later value, and some share theirs.</summary>
internal sealed class ApiList(int limit = 5)
{
    private readonly SortedDictionary<int, (string Label, bool Gone, int Changed)> orders = [];
    private int now = 1;

    /// <summary>Called before each answer, with the number of the request.</summary>
    public Action<int> Before { get; set; } = _ => { };

    public int Served { get; private set; }

    public void Put(int id, string label, bool gone = false, bool tie = true)
    {
        orders[id] = (label, gone, tie ? now : ++now);
    }

    public void Remove(int id) => orders.Remove(id);

    public IReadOnlyList<string> Living => [.. orders.Where(o => !o.Value.Gone).Select(o => $"{o.Key}|{o.Value.Label}")];

    public IReadOnlyList<string> All => [.. orders.Select(o => $"{o.Key}|{o.Value.Label}")];

    public async Task AnswerAsync(HttpContext context)
    {
        Before(Served++);
        var request = context.Request.Query.ToDictionary(q => q.Key, q => q.Value.ToString());
        if (context.Request.Method == "POST")
        {
            foreach (var (key, value) in (await JsonNode.ParseAsync(context.Request.Body))?["variables"]?.AsObject() ?? [])
            {
                request[key] = $"{value}";
            }
        }

        var since = request.TryGetValue("since", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        var found = orders.Where(o => o.Value.Changed >= since).OrderBy(o => (o.Value.Changed, o.Key)).ToList();
        var by = context.Request.Path.Value?.Split('/')[^1];
        var begin = by switch
        {
            "page" => (Number("page", 1) - 1) * limit,
            "offset" => Number("offset", 0),
            _ => request.TryGetValue("after", out var after) ? found.TakeWhile(o => (o.Value.Changed, o.Key).CompareTo(Place(after)) <= 0).Count() : 0,
        };
        var page = found.Skip(begin).Take(limit).ToList();
        var hasMore = found.Count > begin + limit;
        var next = hasMore ? $"{page[^1].Value.Changed}.{page[^1].Key}" : null;
        if (by == "link" && hasMore)
        {
            context.Response.Headers.Link = $"<{context.Request.Path}>; rel=\"first\", <{context.Request.Path}?since={since}&after={next}>; title=\"a, b\"; rel=\"next last\"";
        }

        var records = new JsonArray([.. page.Select(o => new JsonObject { ["id"] = o.Key, ["label"] = o.Value.Label, ["is_gone"] = o.Value.Gone, ["changed"] = o.Value.Changed, ["customer"] = new JsonObject { ["name"] = $"c{o.Key}", ["tags"] = new JsonArray(1, 2) } })]);
        await RestShop.JsonAsync(context, new JsonObject { ["meta"] = new JsonObject { ["next"] = next, ["request"] = Served }, ["data"] = new JsonObject { ["items"] = records } }.ToJsonString());

        int Number(string name, int otherwise) => request.TryGetValue(name, out var value) ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
    }

    private static (int, int) Place(string cursor) => cursor.Split('.') is [var changed, var id] ? (int.Parse(changed, CultureInfo.InvariantCulture), int.Parse(id, CultureInfo.InvariantCulture)) : default;
}
