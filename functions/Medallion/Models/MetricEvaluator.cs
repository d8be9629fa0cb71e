using System.Globalization;
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
            using var lease = await reader.CreateViewAsync(session, group.Key.Layer, group.Key.Name, snapshot, LakeTables.Root(definition.Name, group.Key), cancellationToken);
            var expressions = group.Select(m => $"({m.Expr}) as {Sql.Identifier(m.Name)}");
            using var result = session.Query($"select {string.Join(", ", expressions)} from {group.Key.Layer}.{Sql.Identifier(group.Key.Name)}", cancellationToken);
            foreach (var (metric, value) in group.Zip(result.Rows().Single()))
            {
                values[metric.Name] = value is null ? null : Convert.ToDecimal(value is Int128 or UInt128 ? decimal.Parse(value.ToString() ?? "", CultureInfo.InvariantCulture) : value, CultureInfo.InvariantCulture);
            }
        }

        return values;
    }
}
