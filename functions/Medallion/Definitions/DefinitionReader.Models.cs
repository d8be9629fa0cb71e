using Pipeline.Medallion.Quality;

namespace Pipeline.Medallion.Definitions;

/// <content>Models: their SQL files, and what pipeline.yaml says of them.</content>
internal sealed partial class DefinitionReader
{
    private IEnumerable<ModelDefinition> ReadModels(YamlMap root)
    {
        var said = root.Maps("models", "model").ToDictionary(m => m.Name, m => m.Map, StringComparer.Ordinal);
        foreach (var (file, sql) in files.Files.Where(f => f.Key != DefinitionFiles.PipelineFile && !DefinitionFiles.IsSchema(f.Key)))
        {
            var parts = file.Split('/');
            var name = Path.GetFileNameWithoutExtension(parts[^1]);
            if (parts is not ["models", "silver" or "gold", _] || !TableKey.IsName(name))
            {
                problems.Add(new(file, 1, "a model is a file models/silver/NAME.sql or models/gold/NAME.sql, NAME of lower-case letters, digits and '_'"));
                continue;
            }

            var table = new TableKey(parts[1], name);
            said.Remove(table.ToString(), out var map);
            map?.AllowOnly(PipelineKeys.Model);
            var key = map?.Texts("key") ?? [];
            var history = ReadHistory(map);
            CheckMerge(map, table, key, history);
            yield return new ModelDefinition
            {
                Table = table,
                Sql = sql,
                Key = key,
                Incremental = map?.Flag("incremental") ?? false,
                Delete = map?.Choice("delete", ModelDelete.Keep) ?? ModelDelete.Keep,
                History = history,
                Requires = ReadTier(map, table),
                Description = map?.Text("description"),
                Columns = ReadModelColumns(map),
                Line = new SourceLine(file, 1),
            };
        }

        foreach (var (name, map) in said)
        {
            var path = TableKey.TryParse(name, out var table) ? $"models/{table.Layer}/{table.Name}.sql" : "models/LAYER/NAME.sql";
            problems.Add(new(map.Line.File, map.Line.Number, $"model '{name}' has no SQL file: expected {path}"));
        }
    }

    private static HistoryDefinition? ReadHistory(YamlMap? model)
    {
        if (model?.Map("history", "'history'") is not { } map)
        {
            return null;
        }

        map.AllowOnly(PipelineKeys.History);
        return new HistoryDefinition { Sequence = map.RequiredText("sequence"), Delete = map.Text("delete") };
    }

    private static Tier? ReadTier(YamlMap? model, TableKey table)
    {
        var tier = model?.OptionalChoice<Tier>("requires");
        if (tier == Tier.Bronze)
        {
            model?.ProblemAt("requires", $"model '{table}' requires bronze, which every row is: expected silver or gold");
        }

        return tier;
    }

    private static void CheckMerge(YamlMap? map, TableKey table, IReadOnlyList<string> key, HistoryDefinition? history)
    {
        if (map is null)
        {
            return;
        }

        var incremental = map.Flag("incremental");
        if ((incremental || history is not null) && key.Count == 0)
        {
            map.ProblemAt(history is null ? "incremental" : "history", $"model '{table}' goes by key, but has none: add key: [COLUMN]");
        }

        if (incremental && history is not null)
        {
            map.ProblemAt("incremental", $"model '{table}' has both 'incremental' and 'history': keep one, a history is incremental by itself");
        }

        if (!incremental && map.Keys.Contains("delete"))
        {
            map.ProblemAt("delete", $"model '{table}' has 'delete', which says what an incremental model does with rows that are missing: add incremental: true, or leave it out");
        }
    }

    private static Dictionary<string, string> ReadModelColumns(YamlMap? model)
    {
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, map) in model?.Maps("columns", "column") ?? [])
        {
            map.AllowOnly(PipelineKeys.ModelColumn);
            columns[name] = map.RequiredText("description");
        }

        return columns;
    }
}
