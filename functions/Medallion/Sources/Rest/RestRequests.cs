using System.Globalization;
using System.Text.Json.Nodes;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.Rest;

/// <summary>The requests of a source.</summary>
/// <param name="connection">Where it is.</param>
/// <param name="rest">What is asked for.</param>
/// <param name="since">From which value of the cursor on; null: from the beginning.</param>
internal sealed class RestRequests(RestConnection connection, RestDefinition rest, string? since)
{
    /// <summary>The request for the first page.</summary>
    public RestRequest First()
    {
        var url = rest.Query.Aggregate(connection.Below(rest.Path), (u, p) => QueryText.With(u, p.Key, p.Value));
        var request = new RestRequest(url, rest.Method == RestMethod.Post ? rest.Body ?? "{}" : null);
        if (since is not null && rest.Since is { } parameter)
        {
            request = With(request, parameter, since, isNumber: rest.SinceFormat is SinceFormat.Seconds or SinceFormat.Milliseconds);
        }

        return rest.Pages is { By: PageBy.Page or PageBy.Offset } pages ? At(request, pages.First) : request;
    }

    /// <summary>The request for a page by its number, or the number of records before it.</summary>
    public RestRequest At(RestRequest request, long number) => With(request, rest.Pages?.Parameter ?? "", number.ToString(CultureInfo.InvariantCulture), isNumber: true);

    /// <summary>The request for a page by its cursor.</summary>
    public RestRequest After(RestRequest request, string cursor) => With(request, rest.Pages?.Parameter ?? "", cursor, isNumber: false);

    private RestRequest With(RestRequest request, string name, string value, bool isNumber) => rest.Parameters == ParameterPlace.Query
        ? request with { Url = QueryText.With(request.Url, name, value) }
        : request with { Body = InBody(request.Body ?? "{}", name, isNumber ? JsonNode.Parse(value) : JsonValue.Create(value)) };

    // A name with dots leads through objects, which are made where there are none.
    private static string InBody(string body, string name, JsonNode? value)
    {
        var root = JsonNode.Parse(body) as JsonObject ?? [];
        var place = root;
        var parts = name.Split('.');
        foreach (var part in parts.SkipLast(1))
        {
            if (place[part] is not JsonObject inner)
            {
                place[part] = inner = [];
            }

            place = inner;
        }

        place[parts[^1]] = value;
        return root.ToJsonString();
    }
}
