using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Definitions;

/// <summary>Checks a definition with DuckDB before anything runs: types, expressions, SQL, the tables and columns it reads.</summary>
public sealed class DefinitionCompiler(Engine engine)
{
    /// <summary>Reads and checks the files of a pipeline's folder.</summary>
    /// <exception cref="DefinitionException">It cannot work; all problems found are told, with file and line.</exception>
    public CompiledPipeline Compile(DefinitionFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        var (definition, problems) = DefinitionReader.Read(files);
        using var session = engine.OpenSession();
        RunTime.Define(session, DateTimeOffset.UnixEpoch);
        foreach (var source in definition.Sources)
        {
            CheckSource(session, source, problems);
        }

        var reads = definition.Models.ToDictionary(m => m.Table, m => Reads(session, m, definition, problems));
        var steps = StepGraph.Order(definition, reads, problems);
        foreach (var metric in definition.Metrics)
        {
            CheckMetric(session, metric, definition, problems);
        }

        if (problems.Count == 0)
        {
            Bind(session, definition, steps, problems);
        }

        return problems.Count == 0
            ? new CompiledPipeline { Definition = definition, Steps = steps, Hash = files.Hash }
            : throw new DefinitionException(files.Name, [.. problems.Distinct().OrderBy(p => p.File != DefinitionFiles.PipelineFile).ThenBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line)]);
    }

    private static void CheckSource(DuckDbSession session, SourceDefinition source, List<DefinitionProblem> problems)
    {
        foreach (var column in source.Columns)
        {
            Try(column.Line, $"column '{column.Name}'", problems, () =>
            {
                DeltaSchema.FromDuckDb(session.Describe($"select null::{column.Type} as {Sql.Identifier(column.Name)}"));
                foreach (var text in column.In.Append(column.Min).Append(column.Max).Append(column.Default).OfType<string>())
                {
                    session.Scalar<bool>($"select cast({Sql.Literal(text)} as {column.Type}) is null");
                }

                if (column.Pattern is { } pattern)
                {
                    session.Scalar<bool>($"select regexp_full_match('', {Sql.Literal(pattern)})");
                }

                if (column.Expr is { } expression)
                {
                    ScalarExpression.Parse(session, expression);
                }
            });
        }

        foreach (var rule in source.Rules)
        {
            Try(rule.Line, $"rule '{rule.Id}'", problems, () => ScalarExpression.Parse(session, rule.Expect));
        }
    }

    private static IReadOnlyList<TableKey> Reads(DuckDbSession session, ModelDefinition model, PipelineDefinition definition, List<DefinitionProblem> problems)
    {
        IReadOnlyList<TableKey> tables = [];
        TrySql(model, "", problems, () =>
        {
            var statement = SelectStatement.Parse(session, model.Sql, forbidClock: true);
            var found = new SortedSet<TableKey>(Comparer<TableKey>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString())));
            foreach (var name in statement.Tables)
            {
                var table = new TableKey(name.Schema ?? "", name.Name);
                if (Exists(definition, table))
                {
                    found.Add(table);
                }
                else
                {
                    var text = name.Schema is null ? name.Name : $"{name.Schema}.{name.Name}";
                    problems.Add(new(model.Line.File, LineOf(model.Sql, text), $"unknown table '{text}': expected one of {string.Join(", ", Known(definition))}"));
                }
            }

            tables = [.. found];
        });
        return tables;
    }

    private static void CheckMetric(DuckDbSession session, MetricDefinition metric, PipelineDefinition definition, List<DefinitionProblem> problems)
    {
        if (metric.From != default && !Exists(definition, metric.From))
        {
            problems.Add(new(metric.Line.File, metric.Line.Number, $"metric '{metric.Name}' is measured on the unknown table '{metric.From}': expected one of {string.Join(", ", Known(definition))}"));
        }

        Try(metric.Line, $"metric '{metric.Name}'", problems, () => ScalarExpression.Parse(session, metric.Expr, allowAggregates: true));
    }

    // Empty tables with the right columns show whether everything fits together. A source without a contract has columns that only its files tell:
    // what depends on it is checked when it is built.
    private static void Bind(DuckDbSession session, PipelineDefinition definition, IReadOnlyList<Step> steps, List<DefinitionProblem> problems)
    {
        foreach (var layer in TableKey.Layers)
        {
            session.Execute($"create schema if not exists {layer}");
        }

        var known = new HashSet<TableKey>();
        foreach (var source in definition.Sources.Where(s => s.Columns.Count > 0))
        {
            var table = new TableKey("silver", source.Name);
            session.Execute($"create table {table} as {CleanSql.EmptySilver(source)}");
            known.Add(table);
            foreach (var rule in source.Rules)
            {
                Try(rule.Line, $"rule '{rule.Id}'", problems, () => session.Describe($"select coalesce(({rule.Expect})::boolean, true) from {table}"));
            }
        }

        foreach (var source in definition.Sources)
        {
            session.Execute($"create table rejected.{source.Name} as {CleanSql.EmptyRejected}");
            known.Add(new TableKey("rejected", source.Name));
        }

        foreach (var step in steps.Where(s => s.Kind == StepKind.Model && s.Inputs.All(known.Contains)))
        {
            var model = definition.Models.First(m => m.Table == step.Table);
            TrySql(model, "", problems, () =>
            {
                var columns = session.Describe(model.Sql);
                DeltaSchema.FromDuckDb(columns.Count == 0 ? [] : session.Describe(ModelSql.Normalise(session, model.Sql)));
                foreach (var key in model.Key.Where(k => columns.All(c => c.Name != k)))
                {
                    problems.Add(new(model.Line.File, 1, $"the key of '{model.Table}' names '{key}', which is not one of its columns: {string.Join(", ", columns.Select(c => c.Name))}"));
                }

                session.Execute($"create table {model.Table} as select * from ({model.Sql}\n) limit 0");
                known.Add(model.Table);
            });
        }

        foreach (var metric in definition.Metrics.Where(m => known.Contains(m.From)))
        {
            Try(metric.Line, $"metric '{metric.Name}'", problems, () => session.Describe($"select ({metric.Expr}) from {metric.From}"));
        }
    }

    private static bool Exists(PipelineDefinition definition, TableKey table) =>
        (table.Layer is "bronze" or "silver" or "rejected" && definition.Sources.Any(s => s.Name == table.Name)) || definition.Models.Any(m => m.Table == table);

    private static IEnumerable<string> Known(PipelineDefinition definition) =>
        definition.Sources.Select(s => $"silver.{s.Name}").Concat(definition.Models.Select(m => m.Table.ToString())).Concat(definition.Sources.Select(s => $"bronze.{s.Name}"));

    private static void Try(SourceLine line, string what, List<DefinitionProblem> problems, Action check)
    {
        try
        {
            check();
        }
        catch (TerminalException error)
        {
            problems.Add(new(line.File, line.Number, $"{what}: {FirstLine(error.Message)}"));
        }
    }

    private static void TrySql(ModelDefinition model, string prefix, List<DefinitionProblem> problems, Action check)
    {
        try
        {
            check();
        }
        catch (DuckDbException error)
        {
            var line = error.Position is { } position ? 1 + model.Sql.AsSpan(0, Math.Clamp(position, 0, model.Sql.Length)).Count('\n') : 1;
            problems.Add(new(model.Line.File, line, prefix + FirstLine(error.Message)));
        }
        catch (TerminalException error)
        {
            problems.Add(new(model.Line.File, 1, prefix + FirstLine(error.Message)));
        }
    }

    private static int LineOf(string sql, string text)
    {
        var at = sql.IndexOf(text, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? 1 : 1 + sql.AsSpan(0, at).Count('\n');
    }

    private static string FirstLine(string message) => string.Join(' ', message.Split('\n').TakeWhile(l => !l.StartsWith("LINE ", StringComparison.Ordinal)).Select(l => l.Trim()).Where(l => l.Length > 0));
}
