using System.Security.Cryptography;
using System.Text;
using Pipeline.Medallion.Runs;

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

    /// <summary>The tables that a step makes: cleaning makes what is rejected too.</summary>
    public static IReadOnlyList<TableKey> OutputsOf(Step step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return step.Kind == StepKind.Clean ? [step.Table, step.Table with { Layer = "rejected" }] : [step.Table];
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

    /// <summary>What the definition says of a table's columns, by name.</summary>
    public IReadOnlyDictionary<string, string> DescriptionsOf(TableKey table) => Definition.Models.FirstOrDefault(m => m.Table == table)?.Columns
        ?? (table.Layer == "silver" ? Definition.Sources.FirstOrDefault(s => s.Name == table.Name) : null)?.Columns.Where(c => c.Description is not null).ToDictionary(c => c.Name, c => c.Description ?? "")
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
        var steps = new Dictionary<TableKey, Step>();
        foreach (var source in definition.Sources)
        {
            var bronze = new TableKey("bronze", source.Name);
            steps[bronze] = Make(bronze, StepKind.Ingest, [], 0, new { source.Connector, source.Path, source.Format, source.Load, Detect = source.Columns.Count == 0 });
            var silver = new TableKey("silver", source.Name);
            var contract = new
            {
                source.Key,
                source.LatestBy,
                Partition = source.Partition is { } partition ? partition with { Line = default } : null,
                Columns = source.Columns.Select(c => c with { Line = default, Description = null }),
                Rules = source.Rules.Select(r => r with { Line = default }),
            };
            steps[silver] = Make(silver, StepKind.Clean, [bronze], 1, contract);
        }

        foreach (var model in definition.Models)
        {
            Visit(model, []);
        }

        return [.. steps.Values.OrderBy(s => s.Level).ThenBy(s => s.Kind).ThenBy(s => s.Table.ToString(), StringComparer.Ordinal)];

        int Visit(ModelDefinition model, IReadOnlyList<TableKey> path)
        {
            if (steps.TryGetValue(model.Table, out var known))
            {
                return known.Level;
            }

            if (path.Contains(model.Table))
            {
                var cycle = path.SkipWhile(t => t != model.Table).Append(model.Table);
                if (problems.All(p => p.File != model.Line.File || !p.Message.Contains("cycle", StringComparison.Ordinal)))
                {
                    problems.Add(new(model.Line.File, model.Line.Number, $"models read each other in a cycle: {string.Join(" → ", cycle)}"));
                }

                return 1;
            }

            var level = 1;
            foreach (var input in reads[model.Table])
            {
                var maker = definition.Models.FirstOrDefault(m => m.Table == input);
                var below = maker is not null ? Visit(maker, [.. path, model.Table]) : steps.TryGetValue(Step.MakerOf(input), out var step) ? step.Level : 0;
                level = Math.Max(level, below + 1);
            }

            steps[model.Table] = Make(model.Table, StepKind.Model, reads[model.Table], level, Follows(model));
            return level;
        }
    }

    // A model that is built as a whole has the hash that it had before there was another way.
    private static object Follows(ModelDefinition model) => model is { Incremental: false, History: null }
        ? new { model.Sql, model.Key }
        : new { model.Sql, model.Key, model.Incremental, model.Delete, model.History };

    private static Step Make(TableKey table, StepKind kind, IReadOnlyList<TableKey> inputs, int level, object follows) => new()
    {
        Table = table,
        Kind = kind,
        Inputs = inputs,
        Level = level,
        Definition = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json.Write(follows)))),
    };
}
