using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Models.Rfm;
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
        definition = definition with { Sources = [.. definition.Sources.Select(s => CheckSource(session, s, problems))] };
        SourceRules.Check(session, definition, problems);
        ScoreChecks.Check(definition, problems);
        foreach (var scored in definition.Rfm)
        {
            Try(scored.Line, $"rfm '{scored.Name}'", problems, () => RfmSql.Check(scored.Scoring, session));
        }

        var reads = definition.Models.ToDictionary(m => m.Table, m => Reads(session, m, definition, problems));
        var steps = StepGraph.Order(definition, reads, problems);
        foreach (var metric in definition.Metrics)
        {
            CheckMetric(session, metric, definition, problems);
        }

        foreach (var clusters in definition.Clusters.Where(c => c.From != default && !Exists(definition, c.From)))
        {
            problems.Add(new(clusters.Line.File, clusters.Line.Number, $"clusters '{clusters.Name}' are of the unknown table '{clusters.From}': expected one of {string.Join(", ", Known(definition))}"));
        }

        if (problems.Count == 0)
        {
            Bind(session, definition, steps, problems);
        }

        return problems.Count == 0
            ? new CompiledPipeline { Definition = definition, Steps = steps, Hash = files.Hash }
            : throw new DefinitionException(files.Name, [.. problems.Distinct().OrderBy(p => p.File != DefinitionFiles.PipelineFile).ThenBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Line)]);
    }

    // The source with the types of its columns as DuckDB writes them.
    private static SourceDefinition CheckSource(DuckDbSession session, SourceDefinition source, List<DefinitionProblem> problems)
    {
        var columns = new List<ColumnDefinition>();
        foreach (var column in source.Columns)
        {
            var read = column;
            if (column.Type.Length > 0)
            {
                Try(column.Line, $"column '{column.Name}'", problems, () => read = CheckColumn(session, column));
            }

            columns.Add(read);
        }

        return source with { Columns = columns };
    }

    private static ColumnDefinition CheckColumn(DuckDbSession session, ColumnDefinition column)
    {
        var type = TypeOf(session, column);
        foreach (var text in column.In.Append(column.Min).Append(column.Max).OfType<string>())
        {
            session.Scalar<bool>($"select cast({Sql.Literal(text)} as {type}) is null");
        }

        if (column.Format is { } format)
        {
            if (type is not ("DATE" or "TIMESTAMP WITH TIME ZONE"))
            {
                throw new TerminalException($"'format' says how a date or time is written, but the column is a {type}: leave it out, or make the type a date or timestamp");
            }

            session.Scalar<bool>($"select try_strptime('-', {Sql.Literal(format)}) is null");
        }

        if (column.Default is { } value && session.Scalar<bool>($"select {CleanSql.TypedOf(column with { Type = type }, Sql.Literal(value), "VARCHAR")} is null"))
        {
            throw new TerminalException($"'default' is '{value}', which is not a {type}{(column.Format is { } f ? $" written as {f}" : "")}");
        }

        if (column.Pattern is { } pattern)
        {
            session.Scalar<bool>($"select regexp_full_match('', {Sql.Literal(pattern)})");
        }

        var reads = column.Expr is { } expression ? ScalarExpression.Parse(session, expression).Columns : [];
        return column with { Type = type, Reads = reads };
    }

    private static string TypeOf(DuckDbSession session, ColumnDefinition column)
    {
        try
        {
            // Both ways to write a cast: what fits both is a type and nothing besides.
            ScalarExpression.Parse(session, $"null::{column.Type}");
            ScalarExpression.Parse(session, $"cast(null as {column.Type})");
        }
        catch (DuckDbException error) when (error.Kind is DuckDbErrorKind.Parser or DuckDbErrorKind.Syntax or DuckDbErrorKind.Permission)
        {
            throw new TerminalException($"'{column.Type}' is not a type: expected one such as bigint, varchar, date or decimal(18,4)", error);
        }

        var described = session.Describe($"select cast(null as {column.Type}) as {Sql.Identifier(column.Name)}");
        DeltaSchema.FromDuckDb(described);

        // TIMESTAMP has no counterpart in a table: times are UTC.
        return described[0].Type.StartsWith("TIMESTAMP", StringComparison.Ordinal) ? "TIMESTAMP WITH TIME ZONE" : described[0].Type;
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
                var table = TableKey.Of(name);
                if (Exists(definition, table))
                {
                    found.Add(table);
                }
                else
                {
                    var text = name.Schema is null ? name.Name : $"{name.Schema}.{name.Name}";
                    problems.Add(new(model.Line.File, IsFile(model) ? LineOf(model.Sql, text) : model.Line.Number, $"unknown table '{text}': expected one of {string.Join(", ", Known(definition))}"));
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

        if (metric.Expr.Length > 0)
        {
            Try(metric.Line, $"metric '{metric.Name}'", problems, () => ScalarExpression.Parse(session, metric.Expr, allowAggregates: true));
        }
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
            if (source.Partition is { } partition && source.Columns.FirstOrDefault(c => c.Name == partition.By) is { Type: not ("DATE" or "TIMESTAMP WITH TIME ZONE") } by)
            {
                problems.Add(new(partition.Line.File, partition.Line.Number, $"source '{source.Name}' is partitioned by '{by.Name}', a {by.Type}: expected a date or timestamp"));
                continue;
            }

            session.Execute($"create table {table} as {CleanSql.EmptySilver(source)}");
            known.Add(table);
            SourceRules.Bind(session, source, problems);
        }

        foreach (var source in definition.Sources)
        {
            session.Execute($"create table rejected.{source.Name} as {CleanSql.EmptyRejected}");
            known.Add(new TableKey("rejected", source.Name));
        }

        foreach (var step in steps.Where(s => s.Kind is StepKind.Model or StepKind.Learn && s.Inputs.All(known.Contains)))
        {
            if (step.Kind == StepKind.Learn)
            {
                LearnChecks.Bind(session, definition, step.Table, known, problems);
                continue;
            }

            var model = definition.Models.First(m => m.Table == step.Table);
            TrySql(model, "", problems, () =>
            {
                var columns = session.Describe(model.Sql);
                var sql = ModelSql.Normalise(session, model.Sql);
                foreach (var key in model.Key.Where(k => columns.All(c => c.Name != k)))
                {
                    problems.Add(new(model.Line.File, model.Line.Number, $"the key of '{model.Table}' names '{key}', which is not one of its columns: {string.Join(", ", columns.Select(c => c.Name))}"));
                }

                foreach (var described in model.Columns.Keys.Where(d => columns.All(c => c.Name != d)))
                {
                    problems.Add(new(model.Line.File, model.Line.Number, $"'columns' of '{model.Table}' describes '{described}', which is not one of its columns: {string.Join(", ", columns.Select(c => c.Name))}"));
                }

                var rows = model.History is null ? sql : DeltaHistory.Columns(session, ModelBuilder.HistoryOf(model, sql));
                session.Execute($"create table {model.Table} as select * from ({rows}\n) limit 0");
                known.Add(model.Table);
            });
        }

        foreach (var serve in definition.Serves.Where(s => known.Contains(s.Table)))
        {
            var columns = session.Describe($"select * from {serve.Table}").Select(c => c.Name).ToList();
            problems.AddRange(serve.Unknown(columns).Select(u => new DefinitionProblem(serve.Line.File, serve.Line.Number, u)));
        }

        foreach (var metric in definition.Metrics.Where(m => known.Contains(m.From)))
        {
            Try(metric.Line, $"metric '{metric.Name}'", problems, () =>
            {
                var type = session.Describe($"select ({metric.Expr}) from {metric.From}")[0].Type;
                if (!MetricEvaluator.IsNumber(type))
                {
                    throw new TerminalException($"gives a {type}: expected a number");
                }

                // Over an empty table an aggregate gives one row.
                if (session.Scalar<long>($"select count(*) from (select ({metric.Expr}) from {metric.From})") != 1)
                {
                    throw new TerminalException($"gives a value for every row: expected an aggregate, such as sum({metric.Expr})");
                }
            });
        }
    }

    private static bool Exists(PipelineDefinition definition, TableKey table) =>
        (table.Layer is "bronze" or "silver" or "rejected" && definition.Sources.Any(s => s.Name == table.Name)) || definition.Models.Any(m => m.Table == table) || Learned(definition).Contains(table);

    private static IEnumerable<TableKey> Learned(PipelineDefinition definition) =>
        definition.Learns.SelectMany(l => l.Learned).Select(t => t.Table);

    private static IEnumerable<string> Known(PipelineDefinition definition) =>
        definition.Sources.Select(s => $"silver.{s.Name}").Concat(definition.Models.Select(m => m.Table.ToString())).Concat(Learned(definition).Select(t => t.ToString())).Concat(definition.Sources.Select(s => $"bronze.{s.Name}"));

    internal static void Try(SourceLine line, string what, List<DefinitionProblem> problems, Action check)
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
            problems.Add(new(model.Line.File, IsFile(model) ? line : model.Line.Number, prefix + FirstLine(error.Message)));
        }
        catch (TerminalException error)
        {
            problems.Add(new(model.Line.File, model.Line.Number, prefix + FirstLine(error.Message)));
        }
    }

    // The SQL of others is made from what pipeline.yaml says.
    private static bool IsFile(ModelDefinition model) => model.Line.File != DefinitionFiles.PipelineFile;

    private static int LineOf(string sql, string text)
    {
        var at = sql.IndexOf(text, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? 1 : 1 + sql.AsSpan(0, at).Count('\n');
    }

    private static string FirstLine(string message) => string.Join(' ', message.Split('\n').TakeWhile(l => !l.StartsWith("LINE ", StringComparison.Ordinal)).Select(l => l.Trim()).Where(l => l.Length > 0));
}
