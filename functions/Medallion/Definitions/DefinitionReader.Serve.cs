using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Definitions;

/// <content>Tables that databases get a copy of.</content>
internal sealed partial class DefinitionReader
{
    /// <summary>What the table is called that tells what a database was served.</summary>
    private const string Served = "pipeline_served";

    private static IEnumerable<ServeDefinition> ReadServes(YamlMap root, IReadOnlyList<SourceDefinition> sources, IReadOnlyList<ModelDefinition> models)
    {
        var (steps, targets) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        foreach (var (name, map) in root.Maps("serve", "served table"))
        {
            map.AllowOnly([.. PipelineKeys.Serve, .. Secrets.Where(map.Has)]);
            RefuseSecretsOf(map, $"served table '{name}'");
            if (!TableKey.TryParse(name, out var table) || table.Layer is not ("silver" or "gold") || !Exists(table))
            {
                map.ProblemAt("", $"'serve' names '{name}', which is no table of silver or gold that this pipeline makes: expected one such as gold.sales");
                continue;
            }

            var serve = new ServeDefinition
            {
                Table = table,
                Connection = ReadConnectionOf(map, $"served table '{name}'"),
                Target = ReadTarget(map, table),
                Mode = map.Choice("mode", ServeMode.Replace),
                Key = map.Texts("key") is { Count: > 0 } key ? key : KeyOf(table),
                IsKeyOfTable = map.Texts("key") is { Count: > 0 } named ? KeyOf(table) is { Count: > 0 } own && own.All(named.Contains) : KeyOf(table).Count > 0,
                Indexes = map.TextLists("indexes"),
                Line = map.Line,
            };
            Check(map, name, serve);
            yield return serve;
        }

        bool Exists(TableKey table) => models.Any(m => m.Table == table) || (table.Layer == "silver" && sources.Any(s => s.Name == table.Name));

        IReadOnlyList<string> KeyOf(TableKey table) => models.FirstOrDefault(m => m.Table == table) is { } model
            ? model.History is { } history ? [.. model.Key, "valid_from"] : model.Key
            : sources.First(s => s.Name == table.Name).Key;

        void Check(YamlMap map, string name, ServeDefinition serve)
        {
            if (serve is { Mode: ServeMode.Upsert, Key.Count: 0 })
            {
                map.ProblemAt("mode", $"served table '{name}' is upserted, which goes by key, but neither it nor '{serve.Table}' has one: add key: [COLUMN]");
            }

            if (serve.Key.Concat(serve.Indexes.SelectMany(i => i)).FirstOrDefault(c => !TableKey.IsName(c)) is { } bad)
            {
                map.ProblemAt(serve.Key.Contains(bad) ? "key" : "indexes", $"'{bad}' of served table '{name}' cannot name a column: expected lower-case letters, digits and '_', not starting with a digit");
            }

            if (serve.Key.Count != serve.Key.Distinct().Count() || serve.Indexes.Any(i => i.Count == 0 || i.Count != i.Distinct().Count()))
            {
                map.ProblemAt(serve.Key.Count != serve.Key.Distinct().Count() ? "key" : "indexes", $"the key and each index of served table '{name}' name one or more columns, each once");
            }

            if (!steps.TryAdd(serve.Table.Name, name))
            {
                map.ProblemAt("", $"'{name}' and '{steps[serve.Table.Name]}' would both be the step '{serve.Step}': serve one of them, or rename one");
            }

            if (!targets.TryAdd(serve.Arrival, name))
            {
                map.ProblemAt("table", $"'{name}' and '{targets[serve.Arrival]}' would both be served as {serve.Arrival}: give one of them another 'table'");
            }
        }
    }

    private static string ReadTarget(YamlMap map, TableKey table)
    {
        var target = map.Text("table") ?? table.Name;
        if (!TargetName().IsMatch(target))
        {
            map.ProblemAt("table", $"'table' of served table '{table}' is '{target}': expected NAME or SCHEMA.NAME, each of up to 63 letters, digits and '_', not starting with a digit");
        }
        else if (target.Split('.')[^1].Equals(Served, StringComparison.OrdinalIgnoreCase))
        {
            map.ProblemAt("table", $"'table' of served table '{table}' is '{target}': that table tells what was served; choose another name");
        }

        return target;
    }

    [GeneratedRegex(@"\A([A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,62}\z")]
    private static partial Regex TargetName();
}
