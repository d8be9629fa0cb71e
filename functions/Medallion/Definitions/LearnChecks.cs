using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Prediction;

namespace Pipeline.Medallion.Definitions;

/// <summary>Checks what models are to learn from against the columns that are there, as far as they are known before anything runs.</summary>
internal static class LearnChecks
{
    /// <summary>Checks the model that makes a table, and creates that table, empty, if its columns are known.</summary>
    public static void Bind(DuckDbSession session, PipelineDefinition definition, TableKey table, HashSet<TableKey> known, List<DefinitionProblem> problems)
    {
        if (definition.Clusters.FirstOrDefault(c => c.Rows == table) is { } clusters)
        {
            Bind(clusters.Line, $"clusters '{clusters.Name}'", () =>
            {
                var columns = ColumnsOf(clusters.From);
                _ = new FeatureSql(ClusterTraining.FeaturesOf(definition.Name, clusters), clusters.From, columns);
                return $"select {string.Join(", ", clusters.Key.Select(k => columns.Find(k, "key").Sql))}, {ClusterTraining.EmptyColumns} from {clusters.From}";
            });
        }
        else if (definition.Forecasts.FirstOrDefault(f => f.Table == table) is { } forecast)
        {
            Bind(forecast.Line, $"forecast '{forecast.Name}'", () => ForecastTraining.EmptySql(QuerySql.Grained(ColumnsOf(forecast.From).Find(forecast.Time, "time"), forecast.Grain, "time"), forecast.From));
        }

        MartColumns ColumnsOf(TableKey from) => MartColumns.Of(from.ToString(), session.Describe($"select * from {from.Layer}.{Sql.Identifier(from.Name)}"));

        void Bind(SourceLine line, string what, Func<string> select) => DefinitionCompiler.Try(line, what, problems, () =>
        {
            session.Execute($"create table {table} as select * from ({select()}) limit 0");
            known.Add(table);
        });
    }
}
