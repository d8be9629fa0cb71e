using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Definitions;

/// <summary>Checks the rules of sources before anything runs: their expressions, what they refer to, and what they adjust.</summary>
internal static class SourceRules
{
    /// <summary>Checks what can be told without tables.</summary>
    public static void Check(DuckDbSession session, PipelineDefinition definition, List<DefinitionProblem> problems)
    {
        foreach (var source in definition.Sources)
        {
            foreach (var (id, text, line) in Expressions(source).Where(e => e.Text.Length > 0))
            {
                DefinitionCompiler.Try(line, $"rule '{id}'", problems, () => ScalarExpression.Parse(session, text));
            }

            foreach (var sum in source.Sums)
            {
                foreach (var text in new[] { sum.Sum, sum.EqualTo }.Where(t => t.Length > 0))
                {
                    DefinitionCompiler.Try(sum.Line, $"rule '{sum.Id}'", problems, () => ScalarExpression.Parse(session, text));
                }
            }

            foreach (var column in source.Columns)
            {
                CheckColumn(definition, source, column, problems);
            }

            if (source.Columns.FirstOrDefault(c => c.Name == source.Quality.AgeOf) is { Type: not ("DATE" or "TIMESTAMP WITH TIME ZONE") } of)
            {
                problems.Add(new(of.Line.File, of.Line.Number, $"'age_of' of source '{source.Name}' is '{of.Name}', a {of.Type}: expected a date or timestamp"));
            }

            foreach (var rule in source.Rules.Where(r => r.Id is SourceChecks.Malformed or SourceChecks.UnexpectedFields))
            {
                problems.Add(new(rule.Line.File, rule.Line.Number, $"'{rule.Id}' cannot name a rule of source '{source.Name}': it is kept for rows that cannot be read, or have unexpected fields"));
            }

            CheckAdjustments(source, problems);
        }
    }

    /// <summary>Checks expressions against what they see of a row.</summary>
    public static void Bind(DuckDbSession session, SourceDefinition source, List<DefinitionProblem> problems)
    {
        BindSums(session, source, problems);
        foreach (var (id, text, line) in Expressions(source))
        {
            DefinitionCompiler.Try(line, $"rule '{id}'", problems, () => session.Describe($"select coalesce(({text}\n)::boolean, true) from ({CleanSql.EmptyTyped(source)})"));
        }
    }

    private static void BindSums(DuckDbSession session, SourceDefinition source, List<DefinitionProblem> problems)
    {
        foreach (var sum in source.Sums)
        {
            foreach (var text in new[] { sum.Sum, sum.EqualTo })
            {
                DefinitionCompiler.Try(sum.Line, $"rule '{sum.Id}'", problems, () =>
                {
                    var type = session.Describe($"select ({text}\n) from ({CleanSql.EmptyTyped(source)})")[0].Type;
                    if (!MetricEvaluator.IsNumber(type))
                    {
                        throw new Lakehouse.TerminalException($"'{text}' gives a {type}: expected a number");
                    }
                });
            }
        }
    }

    private static IEnumerable<(string Id, string Text, SourceLine Line)> Expressions(SourceDefinition source) =>
        source.Rules.SelectMany(r => new[] { (r.Id, r.Expect, r.Line), (r.Id, r.When ?? "", r.Line) }).Concat(source.Adjustments.Select(a => (a.Id, a.When ?? "", a.Line))).Where(e => e.Item2.Length > 0);

    private static void CheckColumn(PipelineDefinition definition, SourceDefinition source, ColumnDefinition column, List<DefinitionProblem> problems)
    {
        if (column.NotFuture && column.Type is not ("DATE" or "TIMESTAMP WITH TIME ZONE"))
        {
            problems.Add(new(column.Line.File, column.Line.Number, $"column '{column.Name}' is a {column.Type}, which has no future: 'not_future' is for dates and timestamps"));
        }

        if (column.Unique && source.Key is [var only] && only == column.Name)
        {
            problems.Add(new(column.Line.File, column.Line.Number, $"column '{column.Name}' is the key of source '{source.Name}', of which silver keeps one row each: leave 'unique' out"));
        }

        if (column.References is not { } reference)
        {
            return;
        }

        var other = definition.Sources.FirstOrDefault(s => s.Name == reference.Table.Name);
        if (other is null && definition.Models.All(m => m.Table != reference.Table))
        {
            problems.Add(new(column.Line.File, column.Line.Number, $"column '{column.Name}' references {reference}, but there is no table {reference.Table}: expected one of {string.Join(", ", definition.Sources.Select(s => s.Name))}"));
        }
        else if (other is { Columns.Count: > 0 })
        {
            if (other.Columns.FirstOrDefault(c => c.Name == reference.Column) is not { } found)
            {
                problems.Add(new(column.Line.File, column.Line.Number, $"column '{column.Name}' references {reference}, but {reference.Table} has no such column: {string.Join(", ", other.Columns.Select(c => c.Name))}"));
            }
            else if (found.Type != column.Type && !(CleanSql.IsInteger(found.Type) && CleanSql.IsInteger(column.Type)))
            {
                problems.Add(new(column.Line.File, column.Line.Number, $"column '{column.Name}' is a {column.Type} and references {reference}, a {found.Type}: give both the same type"));
            }
        }
    }

    private static void CheckAdjustments(SourceDefinition source, List<DefinitionProblem> problems)
    {
        if (source.Adjustments.Count == 0)
        {
            return;
        }

        var known = new SourceChecks(source with { Adjustments = [] }).All.Where(c => c.Column is not null).ToDictionary(c => c.Rule, StringComparer.Ordinal);
        foreach (var adjustment in source.Adjustments)
        {
            if (!known.TryGetValue(adjustment.Id, out var check))
            {
                problems.Add(new(adjustment.Line.File, adjustment.Line.Number, $"rule '{adjustment.Id}' of source '{source.Name}' has no 'expect', and no column gives a rule of that name: {string.Join(", ", known.Keys)}"));
            }
            else if (source.Key.Contains(check.Column ?? "") && (adjustment.Otherwise is RuleOutcome.Warn or RuleOutcome.Fail || adjustment.When is not null) && check.Rule != $"{check.Column}-unique")
            {
                problems.Add(new(adjustment.Line.File, adjustment.Line.Number, $"rule '{adjustment.Id}' guards the key of source '{source.Name}': it always rejects the row"));
            }
        }
    }
}
