using System.Globalization;
using System.Runtime.ExceptionServices;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Models;

/// <summary>Measures a pipeline's metrics on its tables as they are.</summary>
internal sealed class MetricEvaluator(LakeTables tables, Engine engine, TableReader reader, TimeProvider clock)
{
    /// <summary>The value of each metric; null where its table has no rows or is not built yet.</summary>
    public async Task<IReadOnlyDictionary<string, decimal?>> EvaluateAsync(PipelineDefinition definition, CancellationToken cancellationToken)
    {
        var values = definition.Metrics.ToDictionary(m => m.Name, _ => (decimal?)null, StringComparer.Ordinal);
        foreach (var group in definition.Metrics.GroupBy(m => m.From))
        {
            if (await tables.Open(definition.Name, group.Key).ReadAsync(null, cancellationToken) is not { } snapshot)
            {
                continue;
            }

            using var session = engine.OpenSession();
            RunTime.Define(session, clock.GetUtcNow());
            using var views = await ViewAsync(session, definition.Name, group.Key, snapshot, group, cancellationToken);
            foreach (var metric in group)
            {
                values[metric.Name] = Measure(session, metric, views, cancellationToken);
            }
        }

        return values;
    }

    /// <summary>Whether a metric may have a type.</summary>
    public static bool IsNumber(string type) =>
        type is "TINYINT" or "SMALLINT" or "INTEGER" or "BIGINT" or "HUGEINT" or "UTINYINT" or "USMALLINT" or "UINTEGER" or "UBIGINT" or "UHUGEINT" or "FLOAT" or "DOUBLE"
        || type.StartsWith("DECIMAL", StringComparison.Ordinal);

    private async Task<TableViews> ViewAsync(
        DuckDbSession session, string pipeline, TableKey table, DeltaSnapshot snapshot, IEnumerable<MetricDefinition> metrics, CancellationToken cancellationToken)
    {
        try
        {
            var select = $"select {string.Join(", ", metrics.Select(m => $"({m.Expr})"))} from {table}";
            var planned = await reader.PlanAsync(session, [new TableInput(table.Layer, table.Name, snapshot, LakeTables.Root(pipeline, table))], select, cancellationToken);
            engine.RequireRoom($"A metric of {table}", planned);
            return await reader.CreateViewsAsync(session, planned, cancellationToken);
        }
        catch (TerminalException error)
        {
            throw new TerminalException($"The metrics of {table} cannot be measured: {error.Message}", error);
        }
    }

    private static decimal? Measure(DuckDbSession session, MetricDefinition metric, TableViews views, CancellationToken cancellationToken)
    {
        try
        {
            using var result = session.Query($"select ({metric.Expr})::varchar from {metric.From}", cancellationToken);
            var rows = result.Rows().Take(2).ToList();
            return rows is not [[var value]] ? throw new TerminalException($"it gives {(rows.Count == 0 ? "no value" : "a value for every row")}: expected an aggregate")
                : value is null ? null
                : decimal.TryParse((string)value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
                : throw new TerminalException($"it is {value}: expected a number of at most 28 digits");
        }
        catch (TerminalException) when (views.Failure is TransientException failure)
        {
            ExceptionDispatchInfo.Throw(failure);
            throw;
        }
        catch (TerminalException error)
        {
            throw new TerminalException($"Metric '{metric.Name}' cannot be measured ({metric.Line}): {error.Message}", error);
        }
    }
}
