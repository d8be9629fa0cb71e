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
        switch (definition.Learns.First(l => l.Learned.Any(t => t.Table == table)))
        {
            case ClusterDefinition clusters when clusters.Rows == table:
                Bind(clusters.Line, $"clusters '{clusters.Name}'", () =>
                {
                    var columns = ColumnsOf(clusters.From);
                    _ = new FeatureSql(ClusterTraining.FeaturesOf(definition.Name, clusters), clusters.From, columns);
                    return $"select {Keys(clusters.Key, columns)}, {ClusterTraining.EmptyColumns} from {clusters.From}";
                });
                break;
            case PredictionDefinition prediction when prediction.Rows == table:
                Bind(prediction.Line, $"prediction '{prediction.Name}'", () =>
                {
                    var columns = ColumnsOf(prediction.From);
                    _ = new FeatureSql(PredictionTraining.FeaturesOf(definition.Name, prediction), prediction.From, columns);
                    return PredictionSql.Empty(prediction, columns);
                });
                break;
            case PredictionDefinition prediction:
                Bind(prediction.Line, $"prediction '{prediction.Name}'", () => PredictionSql.EmptyCoefficients);
                break;
            case ForecastDefinition forecast:
                Bind(forecast.Line, $"forecast '{forecast.Name}'", () => ForecastTraining.EmptySql(TimeOf(forecast.Series), forecast.From));
                break;
            case MetricAnomalyDefinition anomalies:
                Bind(anomalies.Line, $"anomalies '{anomalies.Name}'", () => MetricAnomalies.EmptySql(TimeOf(anomalies.Series), anomalies.From));
                break;
            default:
                // What centroids have is known when they are trained.
                break;
        }

        string TimeOf(SeriesQuestion series) => QuerySql.Grained(ColumnsOf(series.From).Find(series.Time, "time"), series.Grain, "time");

        static string Keys(IEnumerable<string> key, MartColumns columns) => string.Join(", ", key.Select(k => columns.Find(k, "key").Sql));

        MartColumns ColumnsOf(TableKey from) => MartColumns.Of(from.ToString(), session.Describe($"select * from {from.Layer}.{Sql.Identifier(from.Name)}"));

        void Bind(SourceLine line, string what, Func<string> select) => DefinitionCompiler.Try(line, what, problems, () =>
        {
            session.Execute($"create table {table} as select * from ({select()}) limit 0");
            known.Add(table);
        });
    }
}
