using Pipeline.Medallion.Maintenance;
using Pipeline.Medallion.Quality;
using Pipeline.Medallion.Scheduling;
using Pipeline.Medallion.Schemas.Sources;

namespace Pipeline.Medallion.Definitions;

/// <summary>Turns the files of a pipeline's folder into records. What needs no SQL engine is checked here, the rest by <see cref="DefinitionCompiler"/>.</summary>
internal sealed partial class DefinitionReader
{
    private readonly DefinitionFiles files;
    private readonly List<DefinitionProblem> problems = [];

    private DefinitionReader(DefinitionFiles files) => this.files = files;

    /// <summary>The definition and the problems found; with problems it may be incomplete.</summary>
    public static (PipelineDefinition Definition, List<DefinitionProblem> Problems) Read(DefinitionFiles files)
    {
        var reader = new DefinitionReader(files);
        return (reader.Read(), reader.problems);
    }

    private PipelineDefinition Read()
    {
        if (!files.Files.TryGetValue(DefinitionFiles.PipelineFile, out var text))
        {
            problems.Add(new(DefinitionFiles.PipelineFile, 1, $"the folder has no {DefinitionFiles.PipelineFile}"));
            return new PipelineDefinition { Name = files.Name };
        }

        if (YamlMap.ReadFile(DefinitionFiles.PipelineFile, text, problems) is not { } root)
        {
            return new PipelineDefinition { Name = files.Name };
        }

        root.AllowOnly(PipelineKeys.File);
        var name = root.RequiredText("name");
        if (name.Length > 0 && name != files.Name)
        {
            root.ProblemAt("name", $"the pipeline is named '{name}' but its folder '{files.Name}': both must be the same");
        }

        var quality = QualityDefinitionReader.Read(root, new QualityDefinition());
        var sources = root.Maps("sources", "source").Select(s => ReadSource(s.Name, s.Map, quality)).ToList();
        if (sources.Count == 0)
        {
            root.ProblemAt("sources", "there is no source: a pipeline has at least one");
        }

        var models = ReadModels(root).ToList();
        var rfm = ReadRfm(root, models).ToList();
        models.AddRange(rfm.SelectMany(r => r.Models));
        foreach (var source in sources)
        {
            if (models.FirstOrDefault(m => m.Table == new TableKey("silver", source.Name)) is { } clash)
            {
                problems.Add(new(clash.Line.File, clash.Line.Number, $"'silver.{source.Name}' is both a model and the silver table of source '{source.Name}' ({source.Line}): rename one"));
            }
        }

        var metrics = root.Maps("metrics", "metric").Select(m => ReadMetric(m.Name, m.Map)).ToList();
        var definition = new PipelineDefinition
        {
            Name = name,
            Description = root.Text("description"),
            Sources = sources,
            Models = models,
            Rfm = rfm,
            Metrics = metrics,
            Aggregates = [.. ReadAggregates(root, sources, models)],
            Serves = [.. ReadServes(root, sources, models)],
            Clusters = [.. ReadClusters(root, models)],
            Forecasts = [.. ReadForecasts(root, metrics, models)],
            Predictions = [.. ReadPredictions(root, models)],
            Anomalies = [.. ReadAnomalies(root, metrics, models)],
            Schedule = ScheduleReader.Read(root),
            Maintenance = MaintenanceReader.Read(root, sources, models),
        };
        RefuseTwins(definition);
        return definition;
    }

    private SourceDefinition ReadSource(string name, YamlMap map, QualityDefinition quality)
    {
        CheckName(name, "source", map.Line);
        RefuseSecrets(map, name);
        map.AllowOnly([.. PipelineKeys.Source, .. Secrets.Where(map.Has)]);
        var connector = map.RequiredText("connector");
        if (connector.Length > 0 && !PipelineKeys.Connectors.Contains(connector))
        {
            map.ProblemAt("connector", $"source '{name}' has the connector '{connector}': expected {string.Join(", ", PipelineKeys.Connectors)}");
        }

        if (map.Has("connection") && !PipelineKeys.Connected.Contains(connector))
        {
            map.ProblemAt("connection", $"source '{name}' has 'connection', which is for the connectors {string.Join(", ", PipelineKeys.Connected)}");
        }

        var schema = ReadSchema(map, name);
        var rules = map.List("rules", $"a rule of source '{name}'").ToList();
        var columns = SchemaFileReader.Merge(schema, [.. map.Maps("columns", "column").Select(c => ReadColumn(c.Name, c.Map))], problems);
        var source = new SourceDefinition
        {
            Name = name,
            Connector = connector,
            Stream = ReadStream(map, name, connector, columns.Count),
            Sql = ReadSql(map, name, connector),
            Rest = ReadRest(map, name, connector),
            Table = ReadTable(map, name, connector),
            Webhook = ReadWebhook(map, name, connector),
            Remote = ReadRemote(map, name, connector),
            Path = connector switch
            {
                PipelineKeys.EventHub or PipelineKeys.Sql or PipelineKeys.Rest or PipelineKeys.TableConnector => "",
                PipelineKeys.WebhookConnector => Sources.Webhook.WebhookInbox.PathOf(files.Name, name),
                _ => map.RequiredText("path"),
            },
            Format = connector == PipelineKeys.WebhookConnector ? FileFormat.Ndjson : map.OptionalChoice<FileFormat>("format"),
            Load = map.Choice("load", LoadMode.Incremental),
            Key = map.Texts("key"),
            LatestBy = map.Text("latest_by"),
            Deleted = map.Text("deleted"),
            Partition = ReadPartition(map),
            Schema = schema,
            Evolution = map.OptionalChoice<SchemaEvolution>("evolution"),
            Columns = columns,
            Score = map.Texts("score"),
            ScoreLine = map.LineOf("score"),
            Rules = [.. rules.Where(r => !Adjusts(r) && !r.Has("sum")).Select(QualityDefinitionReader.ReadRule)],
            Sums = [.. rules.Where(r => r.Has("sum")).Select(QualityDefinitionReader.ReadSum)],
            Adjustments = [.. rules.Where(Adjusts).Select(QualityDefinitionReader.ReadAdjustment)],
            Quality = QualityDefinitionReader.Read(map, quality),
            Line = map.Line,
        };
        if (!IsUrl(source.Path) && (source.Path.StartsWith('/') || source.Path.Split('/').Any(s => s is "." or "..")))
        {
            map.ProblemAt("path", $"'{source.Path}' is not a path in the container 'landing': expected segments such as sales/*.csv, without a leading '/' or '..'");
        }

        (string? Column, string Key)[] named = [.. source.Key.Select(k => (k, "key")), (source.LatestBy, "latest_by"), (source.Deleted, "deleted"), (source.Partition?.By, "partition"), (source.Quality.AgeOf, "quality")];
        foreach (var (column, key) in named)
        {
            if (column is not null && source.Columns.Count > 0 && source.Columns.All(c => c.Name != column))
            {
                map.ProblemAt(key, $"'{key}' of source '{name}' names '{column}', which is not one of its columns: {string.Join(", ", source.Columns.Select(c => c.Name))}");
            }
        }

        if (source is { Deleted: not null, Key.Count: 0 })
        {
            map.ProblemAt("deleted", $"source '{name}' has 'deleted' but no 'key': without one nobody knows which row is deleted");
        }

        foreach (var part in source.Partition?.As.Where(p => source.Columns.Any(c => c.Name == p)) ?? [])
        {
            map.ProblemAt("partition", $"the partition column '{part}' of source '{name}' has the name of a declared column: rename the column");
        }

        foreach (var twice in source.Rules.Select(r => r.Id).Concat(source.Adjustments.Select(a => a.Id)).Concat(source.Sums.Select(s => s.Id)).GroupBy(id => id).Where(g => g.Count() > 1))
        {
            map.ProblemAt("rules", $"source '{name}' has more than one rule '{twice.Key}'");
        }

        return source;

        // A rule without an expectation adjusts one that follows from a column.
        bool Adjusts(YamlMap rule) => !rule.Has("expect") && !rule.Has("sum") && rule.Text("id") is { } id && columns.Any(c => id.StartsWith($"{c.Name}-", StringComparison.Ordinal));
    }

    private SchemaFile? ReadSchema(YamlMap source, string name)
    {
        if (source.Text("schema") is not { } path)
        {
            return null;
        }

        if (files.Files.TryGetValue(path, out var text) && DefinitionFiles.IsSchema(path))
        {
            return new SchemaFile(path, text);
        }

        var there = files.Files.Keys.Where(DefinitionFiles.IsSchema).ToList();
        source.ProblemAt("schema", $"source '{name}' has the schema '{path}', which is not there: expected {(there.Count == 0 ? "a file schemas/NAME.json of the pipeline's folder" : string.Join(" or ", there))}");
        return null;
    }

    private PartitionDefinition? ReadPartition(YamlMap source)
    {
        if (source.Map("partition", "'partition'") is not { } map)
        {
            return null;
        }

        map.AllowOnly(PipelineKeys.Partition);
        var parts = map.Texts("as");
        if (parts.Count == 0 || parts.Any(p => !PipelineKeys.PartitionParts.Contains(p)))
        {
            map.ProblemAt("as", $"'as' is [{string.Join(", ", parts)}]: expected one or more of {string.Join(", ", PipelineKeys.PartitionParts)}");
        }

        return new PartitionDefinition { By = map.RequiredText("by"), As = parts, Line = source.LineOf("partition") };
    }

    private ColumnDefinition ReadColumn(string name, YamlMap map)
    {
        CheckName(name, "column", map.Line);
        if (name.StartsWith('_'))
        {
            problems.Add(new(map.Line.File, map.Line.Number, $"'{name}' cannot name a column: names that begin with '_' are kept for technical columns"));
        }

        map.AllowOnly(PipelineKeys.Column);
        var column = new ColumnDefinition
        {
            Name = name,
            From = map.Text("from"),
            Expr = map.Text("expr"),
            Type = map.RequiredText("type"),
            Required = map.Flag("required"),
            Min = map.Text("min"),
            Max = map.Text("max"),
            In = map.Texts("in"),
            Pattern = map.Text("pattern"),
            Unique = map.Flag("unique"),
            References = QualityDefinitionReader.ReadReference(map),
            NotFuture = map.Flag("not_future"),
            Format = map.Text("format"),
            Default = map.Text("default"),
            Description = map.Text("description"),
            Line = map.Line,
        };
        if (column is { From: not null, Expr: not null })
        {
            map.ProblemAt("expr", $"column '{name}' has both 'from' and 'expr': keep one");
        }

        return column.From is null && column.Expr is null ? column with { From = name } : column;
    }

    private MetricDefinition ReadMetric(string name, YamlMap map)
    {
        CheckName(name, "metric", map.Line);
        map.AllowOnly(PipelineKeys.Metric);
        var from = map.RequiredText("from");
        if (!TableKey.TryParse(from, out var table) && from.Length > 0)
        {
            map.ProblemAt("from", $"metric '{name}' is measured on '{from}': expected a table such as silver.orders");
        }

        return new MetricDefinition
        {
            Name = name,
            From = table,
            Expr = map.RequiredText("expr"),
            Unit = map.Text("unit"),
            Description = map.Text("description"),
            Line = map.LineOf("expr"),
        };
    }

    private void CheckName(string name, string kind, SourceLine line)
    {
        if (!TableKey.IsName(name))
        {
            problems.Add(new(line.File, line.Number, $"'{name}' cannot name a {kind}: expected lower-case letters, digits and '_', not starting with a digit"));
        }
    }
}
