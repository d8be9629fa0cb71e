using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Pipeline.Medallion.Definitions;

/// <summary>A mapping of a YAML file that remembers where it stands and collects what is wrong with it, so that all problems are told at once.</summary>
internal sealed class YamlMap
{
    private readonly Dictionary<string, (YamlScalarNode Key, YamlNode Value)> entries = new(StringComparer.Ordinal);
    private readonly string file;
    private readonly string what;
    private readonly List<DefinitionProblem> problems;

    private YamlMap(string file, string what, int line, List<DefinitionProblem> problems)
    {
        this.file = file;
        this.what = what;
        this.problems = problems;
        Line = new SourceLine(file, line);
    }

    /// <summary>Where the mapping begins.</summary>
    public SourceLine Line { get; }

    /// <summary>The keys, in the order of the file.</summary>
    public IEnumerable<string> Keys => entries.Keys;

    /// <summary>Reads the mapping that a whole file is; an unreadable file is a problem and null.</summary>
    public static YamlMap? ReadFile(string file, string text, List<DefinitionProblem> problems)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 0)
            {
                problems.Add(new(file, 1, "the file is empty: expected at least 'name' and 'sources'"));
                return null;
            }

            if (stream.Documents.Count > 1)
            {
                problems.Add(new(file, (int)stream.Documents[1].RootNode.Start.Line, "the file holds more than one YAML document: expected one"));
            }

            var root = FromNode(file, "the file", stream.Documents[0].RootNode, problems);
            return stream.Documents[0].RootNode is YamlMappingNode ? root : null;
        }
        catch (YamlException error)
        {
            // The scanner tells where the value began, not where the tab stands.
            var tab = Array.FindIndex(text.Split('\n'), l => l[..(l.Length - l.TrimStart().Length)].Contains('\t', StringComparison.Ordinal));
            problems.Add(tab >= 0
                ? new(file, tab + 1, "not valid YAML: the line is indented by a tab, expected spaces")
                : new(file, (int)error.Start.Line, $"not valid YAML: {error.Message}"));
            return null;
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // The library stumbles over some texts without saying where.
            problems.Add(new(file, 1, "not valid YAML: a value ends where none was expected; look for an unclosed bracket, brace or quote"));
            return null;
        }
    }

    /// <summary>Notes every key that is not one of those given.</summary>
    public void AllowOnly(params string[] keys)
    {
        foreach (var (name, entry) in entries.Where(e => !keys.Contains(e.Key)))
        {
            var nearest = keys.Where(k => Distance(k, name) <= (name.Length < 4 ? 1 : 2)).OrderBy(k => Distance(k, name)).FirstOrDefault();
            var hint = nearest is null ? $"expected one of {string.Join(", ", keys)}" : $"did you mean '{nearest}'?";
            Problem(entry.Key, $"unknown key '{name}' in {what}: {hint}");
        }
    }

    /// <summary>Whether there is such a key, with whatever value.</summary>
    public bool Has(string key) => entries.ContainsKey(key);

    /// <summary>Whether a key has a single value.</summary>
    public bool IsText(string key) => entries.TryGetValue(key, out var entry) && entry.Value is YamlScalarNode;

    /// <summary>The text of a key, or null where it is absent.</summary>
    public string? Text(string key)
    {
        if (!entries.TryGetValue(key, out var entry))
        {
            return null;
        }

        if (entry.Value is YamlScalarNode scalar)
        {
            return IsNull(scalar) ? null : scalar.Value;
        }

        Problem(entry.Value, $"'{key}' in {what} is {Describe(entry.Value)}: expected a single value");
        return null;
    }

    /// <summary>The text of a key; its absence is a problem.</summary>
    public string RequiredText(string key)
    {
        if (Text(key) is { Length: > 0 } text)
        {
            return text;
        }

        if (!entries.TryGetValue(key, out var entry) || entry.Value is YamlScalarNode)
        {
            problems.Add(new(file, LineOf(key).Number, $"{what} has no '{key}'"));
        }

        return "";
    }

    /// <summary>True or false; false where the key is absent.</summary>
    public bool Flag(string key)
    {
        switch (Text(key))
        {
            case null or "false":
                return false;
            case "true":
                return true;
            case var other:
                Problem(entries[key].Value, $"'{key}' in {what} is '{other}': expected true or false");
                return false;
        }
    }

    /// <summary>One of an enum's names in lower case; the default where the key is absent.</summary>
    public T Choice<T>(string key, T otherwise)
        where T : struct, Enum => OptionalChoice<T>(key) ?? otherwise;

    /// <summary>One of an enum's names in lower case; null where the key is absent.</summary>
    public T? OptionalChoice<T>(string key)
        where T : struct, Enum
    {
        if (Text(key) is not { } text)
        {
            return null;
        }

        var names = Enum.GetNames<T>();
        if (names.FirstOrDefault(n => string.Equals(n, text, StringComparison.OrdinalIgnoreCase)) is { } name)
        {
            return Enum.Parse<T>(name);
        }

        Problem(entries[key].Value, $"'{key}' in {what} is '{text}': expected one of {string.Join(", ", names.Select(n => n.ToLowerInvariant()))}");
        return null;
    }

    /// <summary>The texts of a mapping, by name; empty where the key is absent.</summary>
    public SortedDictionary<string, string> Pairs(string key, string name)
    {
        var map = Map(key, name);
        return new(map?.Keys.ToDictionary(k => k, k => map.Text(k) ?? "", StringComparer.Ordinal) ?? [], StringComparer.Ordinal);
    }

    /// <summary>What is below a key as JSON; null where it is absent.</summary>
    public JsonNode? Json(string key) => entries.TryGetValue(key, out var entry) ? ToJson(entry.Value) : null;

    /// <summary>The texts of a list; empty where the key is absent.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        if (!entries.TryGetValue(key, out var entry))
        {
            return [];
        }

        if (entry.Value is YamlSequenceNode list && list.Children.All(c => c is YamlScalarNode))
        {
            return [.. list.Children.Cast<YamlScalarNode>().Select(c => c.Value ?? "")];
        }

        Problem(entry.Value, $"'{key}' in {what} is {Describe(entry.Value)}: expected a list of values, such as [a, b]");
        return [];
    }

    /// <summary>The texts of lists within a list; empty where the key is absent.</summary>
    public IReadOnlyList<IReadOnlyList<string>> TextLists(string key)
    {
        if (!entries.TryGetValue(key, out var entry))
        {
            return [];
        }

        if (entry.Value is YamlSequenceNode list && list.Children.All(c => c is YamlSequenceNode inner && inner.Children.All(v => v is YamlScalarNode)))
        {
            return [.. list.Children.Cast<YamlSequenceNode>().Select(c => (IReadOnlyList<string>)[.. c.Children.Cast<YamlScalarNode>().Select(v => v.Value ?? "")])];
        }

        Problem(entry.Value, $"'{key}' in {what} is {Describe(entry.Value)}: expected a list of lists, such as [[a], [b, c]]");
        return [];
    }

    /// <summary>The mapping below a key, or null where it is absent.</summary>
    public YamlMap? Map(string key, string name) => entries.TryGetValue(key, out var entry) ? FromNode(file, name, entry.Value, problems) : null;

    /// <summary>The mappings below a key that is itself a mapping by name; none where it is absent.</summary>
    public IEnumerable<(string Name, YamlMap Map)> Maps(string key, string kind)
    {
        if (Map(key, $"'{key}'") is { } map)
        {
            foreach (var (name, entry) in map.entries)
            {
                var child = FromNode(file, $"{kind} '{name}'", entry.Value, problems, (int)entry.Key.Start.Line);
                yield return (name, child);
            }
        }
    }

    /// <summary>The mappings of a list; none where the key is absent.</summary>
    public IEnumerable<YamlMap> List(string key, string kind)
    {
        if (entries.TryGetValue(key, out var entry))
        {
            if (entry.Value is not YamlSequenceNode list)
            {
                Problem(entry.Value, $"'{key}' in {what} is {Describe(entry.Value)}: expected a list");
                yield break;
            }

            foreach (var child in list.Children)
            {
                yield return FromNode(file, kind, child, problems);
            }
        }
    }

    /// <summary>The line of a key, or of the mapping where the key is absent.</summary>
    public SourceLine LineOf(string key) => entries.TryGetValue(key, out var entry) ? new SourceLine(file, (int)entry.Key.Start.Line) : Line;

    /// <summary>Notes a problem at a key.</summary>
    public void ProblemAt(string key, string message) => problems.Add(new(file, LineOf(key).Number, message));

    private static YamlMap FromNode(string file, string what, YamlNode node, List<DefinitionProblem> problems, int? line = null)
    {
        var map = new YamlMap(file, what, line ?? (int)node.Start.Line, problems);
        if (node is not YamlMappingNode mapping)
        {
            if (node is not YamlScalarNode scalar || !IsNull(scalar))
            {
                map.Problem(node, $"{what} is {Describe(node)}: expected keys and values");
            }

            return map;
        }

        foreach (var (key, value) in mapping.Children)
        {
            if (key is not YamlScalarNode { Value: { } name } scalar)
            {
                map.Problem(key, $"a key in {what} is {Describe(key)}: expected a name");
            }
            else
            {
                map.entries[name] = (scalar, value);
            }
        }

        return map;
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create((c.Key as YamlScalarNode)?.Value ?? "", ToJson(c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode scalar when IsNull(scalar) => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
        YamlScalarNode { Style: ScalarStyle.Plain } plain when decimal.TryParse(plain.Value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => null,
    };

    private static bool IsNull(YamlScalarNode scalar) => scalar.Style == ScalarStyle.Plain && scalar.Value is null or "" or "~" or "null";

    private static string Describe(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        YamlScalarNode scalar => $"'{scalar.Value}'",
        _ => node.NodeType.ToString(),
    };

    private void Problem(YamlNode node, string message) =>
        problems.Add(new(file, Math.Max(1, int.CreateChecked(node.Start.Line)), string.Create(CultureInfo.InvariantCulture, $"{message}")));

    // Levenshtein, for "did you mean": keys are short and few.
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }

        return row[b.Length];
    }
}
