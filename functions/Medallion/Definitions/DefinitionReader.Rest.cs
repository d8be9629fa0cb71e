using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Definitions;

/// <content>Sources that are lists of an HTTP API.</content>
internal sealed partial class DefinitionReader
{
    private static readonly string[] SecretHeaders = ["authorization", "proxy-authorization", "cookie"];
    private static readonly string[] SecretWords = ["key", "token", "secret", "password", "credential", "signature"];

    private static RestDefinition? ReadRest(YamlMap map, string name, string connector)
    {
        if (connector != PipelineKeys.Rest)
        {
            if (map.Has("rest"))
            {
                map.ProblemAt("rest", $"source '{name}' has 'rest', which is for the connector {PipelineKeys.Rest}");
            }

            return null;
        }

        foreach (var key in PipelineKeys.Files.Where(k => k != "load" && map.Has(k)))
        {
            map.ProblemAt(key, $"source '{name}' has '{key}', which is for files{(key == "path" ? ": the path of an API belongs below 'rest'" : "")}");
        }

        var load = map.Choice("load", LoadMode.Incremental);
        if (map.Map("rest", $"'rest' of source '{name}'") is not { } rest)
        {
            map.ProblemAt("connector", $"source '{name}' has no 'rest': expected what is asked for, such as rest: {{path: orders}}");
            return null;
        }

        rest.AllowOnly(PipelineKeys.RestRequest);
        var definition = new RestDefinition
        {
            Connection = ReadConnection(map, name),
            Path = rest.RequiredText("path"),
            Method = rest.Choice("method", RestMethod.Get),
            Query = rest.Pairs("query", $"'query' of source '{name}'"),
            Headers = rest.Pairs("headers", $"'headers' of source '{name}'"),
            Body = rest.Json("body")?.ToJsonString(),
            Records = rest.Text("records"),
            Cursor = map.Text("cursor"),
            Lookback = map.Text("lookback") is { } lookback ? ReadSpan(map, "lookback", lookback) ?? TimeSpan.Zero : TimeSpan.Zero,
            Since = rest.Text("since"),
            SinceFormat = rest.OptionalChoice<SinceFormat>("since_format"),
            Parameters = rest.Choice("parameters", ParameterPlace.Query),
            Pages = ReadPages(rest, name),
            Rate = ReadRate(rest),
        };
        CheckRequest(rest, name, definition);
        CheckIncrement(map, rest, name, definition, load);
        return definition;
    }

    private static void CheckRequest(YamlMap rest, string name, RestDefinition definition)
    {
        if (definition.Path.StartsWith('/') || definition.Path.Contains("//", StringComparison.Ordinal) || definition.Path.AsSpan().IndexOfAny('?', '#', '\\') >= 0 || definition.Path.Split('/').Any(s => s is "." or ".."))
        {
            rest.ProblemAt("path", $"'path' of source '{name}' is no path below the URL of its connection: expected segments such as v2/orders, without a host, a leading '/', '..' or '?'. Parameters belong into 'query'");
        }

        // Values are not repeated: they may hold what nobody is to read.
        foreach (var key in definition.Headers.Keys.Where(IsSecretHeader))
        {
            rest.ProblemAt("headers", $"'headers' of source '{name}' has '{key}', which carries a secret: expected it in the app's setting Connections__{definition.Connection}, such as Auth=apikey;Header={key};Key=…");
        }

        foreach (var key in definition.Query.Keys.Where(k => Secrets.Contains(Plain(k)) || Plain(k) is "apikey" or "access_token" or "client_secret" or "signature"))
        {
            rest.ProblemAt("query", $"'query' of source '{name}' has '{key}', which carries a secret: expected it in the app's setting Connections__{definition.Connection}, such as Auth=apikey;Query={key};Key=…");
        }

        foreach (var key in definition.Headers.Keys.Where(k => !HeaderName().IsMatch(k)))
        {
            rest.ProblemAt("headers", $"'{key}' in 'headers' of source '{name}' is no name of a header");
        }

        if (definition is { Method: RestMethod.Get, Body: not null })
        {
            rest.ProblemAt("body", $"source '{name}' has a 'body', which only 'method: post' sends");
        }

        if (definition is { Method: RestMethod.Get, Parameters: ParameterPlace.Body })
        {
            rest.ProblemAt("parameters", $"'parameters' of source '{name}' is 'body', which only 'method: post' sends");
        }

        if (rest.Has("body") && rest.Json("body") is not JsonObject)
        {
            rest.ProblemAt("body", $"'body' of source '{name}' is no mapping: expected the keys and values of a JSON object");
        }

        static string Plain(string key) => key.ToLowerInvariant().Replace('-', '_');
    }

    private static void CheckIncrement(YamlMap map, YamlMap rest, string name, RestDefinition definition, LoadMode load)
    {
        if (load == LoadMode.Incremental && definition.Cursor is null)
        {
            map.ProblemAt("connector", $"source '{name}' has no 'cursor': an incremental load needs the field of a record that grows with every change of it, such as updated_at; 'load: full' takes all records every time");
        }

        foreach (var key in PipelineKeys.Increment.Where(k => load == LoadMode.Full && map.Has(k)))
        {
            map.ProblemAt(key, $"source '{name}' has '{key}', which is for incremental loads: a full load takes all records");
        }

        foreach (var key in PipelineKeys.RestIncrement.Where(k => load == LoadMode.Full && rest.Has(k)))
        {
            rest.ProblemAt(key, $"source '{name}' has '{key}', which is for incremental loads: a full load takes all records");
        }

        foreach (var key in new[] { (Map: map, Key: "lookback"), (Map: rest, Key: "since_format") }.Where(k => load == LoadMode.Incremental && definition.Since is null && k.Map.Has(k.Key)))
        {
            key.Map.ProblemAt(key.Key, $"source '{name}' has '{key.Key}' but no 'since': without the parameter that asks for what is new, every load looks at all records");
        }
    }

    private static RestPaging? ReadPages(YamlMap rest, string name)
    {
        if (rest.Map("pages", $"'pages' of source '{name}'") is not { } map)
        {
            return null;
        }

        map.AllowOnly(PipelineKeys.RestPages);
        var by = map.OptionalChoice<PageBy>("by");
        if (by is null)
        {
            map.ProblemAt("by", $"'pages' of source '{name}' has no 'by': expected page, offset, cursor or link");
            return null;
        }

        var counts = by is PageBy.Page or PageBy.Offset;
        foreach (var key in PipelineKeys.RestPages.Where(k => map.Has(k) && (k == "next" ? counts : k == "first" ? !counts : k == "parameter" && by == PageBy.Link)))
        {
            map.ProblemAt(key, $"'pages' of source '{name}' has '{key}', which 'by: {by.ToString()?.ToLowerInvariant()}' has no use for");
        }

        if (by == PageBy.Cursor && map.Text("next") is null)
        {
            map.ProblemAt("by", $"'pages' of source '{name}' has no 'next': pages by cursor need the place in an answer where the next cursor is, such as meta.next_cursor");
        }

        return new RestPaging
        {
            By = by.Value,
            Parameter = map.Text("parameter") ?? by.Value.ToString().ToLowerInvariant(),
            First = ReadNumber(map, "first", by == PageBy.Page ? 1 : 0, 0),
            Next = map.Text("next"),
            More = map.Text("more"),
            Verify = map.Has("verify") ? map.Flag("verify") : counts,
            Max = (int)ReadNumber(map, "max", 100_000, 1),
        };
    }

    private static long ReadNumber(YamlMap map, string key, long otherwise, long least)
    {
        if (map.Text(key) is not { } text)
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least)
        {
            return number;
        }

        map.ProblemAt(key, $"'{key}' is '{text}': expected a whole number from {least} on");
        return otherwise;
    }

    private static RestRate? ReadRate(YamlMap rest)
    {
        if (rest.Text("rate") is not { } text)
        {
            return null;
        }

        if (RateText().Match(text) is { Success: true } match)
        {
            return new RestRate(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), match.Groups[2].Value switch { "s" => TimeSpan.FromSeconds(1), "m" => TimeSpan.FromMinutes(1), _ => TimeSpan.FromHours(1) });
        }

        rest.ProblemAt("rate", $"'rate' is '{text}': expected requests in a second, a minute or an hour, such as 5/s, 100/m or 1000/h");
        return null;
    }

    private static bool IsSecretHeader(string header) => SecretHeaders.Contains(header.ToLowerInvariant()) || SecretWords.Any(w => header.Contains(w, StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex("^([1-9][0-9]{0,5})/(s|m|h)$")]
    private static partial Regex RateText();

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
    private static partial Regex HeaderName();
}
