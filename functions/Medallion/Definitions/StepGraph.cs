using System.Security.Cryptography;
using System.Text;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Definitions;

/// <summary>A step of a pipeline: the table it makes, what it reads, and the part of the definition that it follows.</summary>
public sealed record Step
{
    /// <summary>The table that it makes; the step's name.</summary>
    public required TableKey Table { get; init; }

    /// <summary>What kind of work it is.</summary>
    public required StepKind Kind { get; init; }

    /// <summary>The tables that it reads, in ordinal order.</summary>
    public required IReadOnlyList<TableKey> Inputs { get; init; }

    /// <summary>Steps of one level do not depend on each other.</summary>
    public required int Level { get; init; }

    /// <summary>SHA-256 of the part of the definition that the step follows, as lower-case hex.</summary>
    public required string Definition { get; init; }

    /// <summary>The step that makes a table: what is rejected comes from cleaning.</summary>
    public static TableKey MakerOf(TableKey table) => table.Layer == "rejected" ? table with { Layer = "silver" } : table;

    /// <summary>The tables of the lake that a step makes: cleaning makes what is rejected too, serving none.</summary>
    public static IReadOnlyList<TableKey> OutputsOf(Step step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return step.Kind switch
        {
            StepKind.Clean => [step.Table, step.Table with { Layer = "rejected" }],
            StepKind.Serve => [],
            _ => [step.Table],
        };
    }
}

/// <summary>A definition that was checked, with its steps in an order in which every step follows its inputs.</summary>
public sealed record CompiledPipeline
{
    /// <summary>What the folder says.</summary>
    public required PipelineDefinition Definition { get; init; }

    /// <summary>The steps.</summary>
    public required IReadOnlyList<Step> Steps { get; init; }

    /// <summary>Hash of the folder's files.</summary>
    public required string Hash { get; init; }

    /// <summary>The source of a bronze or silver table.</summary>
    public SourceDefinition Source(TableKey table) => Definition.Sources.First(s => s.Name == table.Name);

    /// <summary>The model that makes a table.</summary>
    public ModelDefinition Model(TableKey table) => Definition.Models.First(m => m.Table == table);

    /// <summary>What the definition says of a table that a model makes; null where it is SQL that makes it.</summary>
    public string? DescriptionOf(TableKey table) => Definition.Models.FirstOrDefault(m => m.Table == table)?.Description
        ?? Definition.Learns.FirstOrDefault(l => l.Learned.Any(t => t.Table == table))?.Description;

    /// <summary>What a step serves.</summary>
    public ServeDefinition Serve(TableKey step) => Definition.Serves.First(s => s.Step == step);

    /// <summary>What the definition says of a table's columns, by name.</summary>
    public IReadOnlyDictionary<string, string> DescriptionsOf(TableKey table) => Definition.Models.FirstOrDefault(m => m.Table == table)?.Columns
        ?? (table.Layer == "silver" ? Definition.Sources.FirstOrDefault(s => s.Name == table.Name) : null)?.Columns.Where(c => c.Description is not null).Select(c => (c.Name, Text: c.Description ?? ""))
            .Concat(ScoreColumns.Described(Source(table))).ToDictionary(c => c.Name, c => c.Text)
        ?? new Dictionary<string, string>();

    /// <summary>The step that makes a table.</summary>
    public Step Step(TableKey table) => Steps.First(s => s.Table == Definitions.Step.MakerOf(table));
}

/// <summary>Orders steps by what they read.</summary>
internal static class StepGraph
{
    /// <summary>All steps of a definition, or the problems that keep them from being ordered.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="reads">The tables that each model reads.</param>
    /// <param name="problems">Receives cycles.</param>
    public static IReadOnlyList<Step> Order(PipelineDefinition definition, IReadOnlyDictionary<TableKey, IReadOnlyList<TableKey>> reads, List<DefinitionProblem> problems)
    {
        var nodes = definition.Sources.SelectMany(OfSource).Concat(definition.Models.Select(m => new Node(m.Table, StepKind.Model, reads[m.Table], Follows(m), m.Line)))
            .Concat(definition.Learns.SelectMany(OfLearned))
            .GroupBy(n => n.Table).ToDictionary(n => n.Key, n => n.First());
        var steps = new Dictionary<TableKey, Step>();
        foreach (var table in nodes.Keys)
        {
            Visit(table, []);
        }

        // Whoever waits for a database keeps no table waiting.
        var last = steps.Values.Select(s => s.Level).DefaultIfEmpty().Max() + 1;
        foreach (var serve in definition.Serves)
        {
            steps.TryAdd(serve.Step, Make(new Node(serve.Step, StepKind.Serve, [serve.Table], new { serve.Connection, serve.Target, serve.Mode, serve.Key, serve.Indexes }, serve.Line), last));
        }

        return [.. steps.Values.OrderBy(s => s.Level).ThenBy(s => s.Kind).ThenBy(s => s.Table.ToString(), StringComparer.Ordinal)];

        int Visit(TableKey table, IReadOnlyList<TableKey> path)
        {
            if (steps.TryGetValue(table, out var known))
            {
                return known.Level;
            }

            var node = nodes[table];
            if (path.Contains(table))
            {
                NoteCycle(node, [.. path.SkipWhile(t => t != table), table], nodes, problems);
                return 1;
            }

            var level = node.Kind == StepKind.Ingest ? 0 : 1;
            foreach (var input in node.Reads.Select(Step.MakerOf).Where(nodes.ContainsKey))
            {
                level = Math.Max(level, Visit(input, [.. path, table]) + 1);
            }

            steps[table] = Make(node, level);
            return level;
        }
    }

    private static IEnumerable<Node> OfSource(SourceDefinition source)
    {
        var bronze = new TableKey("bronze", source.Name);
        object taken = source.Stream is not null ? new { source.Connector }
            : source.Sql is { } sql ? new { source.Connector, sql.Connection, sql.Table, sql.Query, sql.Cursor, source.Load, Detect = source.IsDetected }
            : source.Rest is { } rest ? new { source.Connector, rest.Connection, rest.Path, rest.Method, rest.Query, rest.Headers, rest.Body, rest.Records, rest.Cursor, source.Load, Detect = source.IsDetected }
            : source.Table is { } table ? new { source.Connector, table.Connection, table.Table, table.Filter, source.Load, Detect = source.IsDetected }
            : new { source.Connector, source.Path, source.Format, source.Load, Detect = source.IsDetected };
        yield return new Node(bronze, StepKind.Ingest, [], taken, source.Line);
        var contract = new
        {
            source.Key,
            source.LatestBy,
            Partition = source.Partition is { } partition ? partition with { Line = default } : null,
            Columns = source.Columns.Select(c => c with { Line = default, Description = null, Reads = [] }),
            Rules = source.Rules.Select(r => r with { Line = default, AtMost = null }),
            Adjustments = source.Adjustments.Select(a => a with { Line = default, AtMost = null }),
            source.Quality.GoldRow,
            source.Evolution,
        };
        var references = source.Columns.Select(c => c.References?.Table).OfType<TableKey>().Distinct().OrderBy(t => t.ToString(), StringComparer.Ordinal);
        yield return new Node(new TableKey("silver", source.Name), StepKind.Clean, [bronze, .. references], Follows(source, contract), source.Columns.FirstOrDefault(c => c.References is not null)?.Line ?? source.Line);
    }

    private static IEnumerable<Node> OfLearned(ILearnDefinition learns) => learns.Learned.Select(t => new Node(t.Table, StepKind.Learn, [t.Reads], t.Follows, learns.Line));

    private static void NoteCycle(Node node, IReadOnlyList<TableKey> cycle, Dictionary<TableKey, Node> nodes, List<DefinitionProblem> problems)
    {
        if (problems.Exists(p => p.File == node.Line.File && p.Message.Contains("cycle", StringComparison.Ordinal)))
        {
            return;
        }

        var what = cycle.All(t => nodes[t].Kind == StepKind.Model)
            ? "models read each other in a cycle"
            : "tables need each other in a cycle, because a column's 'references' waits for the table that it names";
        problems.Add(new(node.Line.File, node.Line.Number, $"{what}: {string.Join(" → ", cycle)}"));
    }

    // A source without what came later has the hash that it had before.
    private static object Follows(SourceDefinition source, object contract) => source switch
    {
        { Score.Count: > 0 } => new { contract, source.Deleted, source.Score },
        { Deleted: not null } => new { contract, source.Deleted },
        _ => contract,
    };

    // A model that is built as a whole has the hash that it had before there was another way.
    private static object Follows(ModelDefinition model) => model is { Incremental: false, History: null }
        ? model.Requires is null ? new { model.Sql, model.Key } : new { model.Sql, model.Key, model.Requires }
        : new { model.Sql, model.Key, model.Incremental, model.Delete, model.History, model.Requires };

    private static Step Make(Node node, int level) => new()
    {
        Table = node.Table,
        Kind = node.Kind,
        Inputs = node.Reads,
        Level = level,
        Definition = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json.Write(node.Follows)))),
    };

    private sealed record Node(TableKey Table, StepKind Kind, IReadOnlyList<TableKey> Reads, object Follows, SourceLine Line);
}
