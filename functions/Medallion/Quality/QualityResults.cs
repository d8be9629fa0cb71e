using System.Text.Json.Nodes;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Quality;

/// <summary>Verdicts as they are kept, for the API.</summary>
public sealed class QualityResults
{
    /// <summary>How many batches a trend has at most.</summary>
    public const int MaxTrend = 1000;

    private const string Time = "strftime(judged_at, '%Y-%m-%dT%H:%M:%S.%gZ')";
    private const string Scores = "{'completeness': completeness, 'accuracy': accuracy, 'timeliness': timeliness, 'schema': schema, 'consistency': consistency}";
    private readonly LakeTables tables;
    private readonly Engine engine;
    private readonly TableReader reader;
    private readonly DefinitionStore definitions;
    private readonly TimeProvider clock;

    internal QualityResults(LakeTables tables, Engine engine, TableReader reader, DefinitionStore definitions, TimeProvider clock) =>
        (this.tables, this.engine, this.reader, this.definitions, this.clock) = (tables, engine, reader, definitions, clock);

    /// <summary>The verdicts of a run on its batches, with checks, columns and partitions; by default the newest of each table.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="runId">A run; null: for each table the last run that read something for it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnknownPipelineException">There is no such pipeline.</exception>
    public async Task<IReadOnlyList<JsonNode>> ReadAsync(string pipeline, string? runId, CancellationToken cancellationToken)
    {
        var definition = (await definitions.LoadAsync(pipeline, cancellationToken)).Definition;
        var wanted = runId is null
            ? "select run_id, table_name from gold._quality_batches where partition is null qualify row_number() over (partition by table_name order by judged_at desc, run_id desc) = 1"
            : $"select distinct run_id, table_name from gold._quality_batches where run_id = {Sql.Literal(runId)}";
        var select =
            $$"""
            with wanted as ({{wanted}}),
            checks as (
                select run_id, table_name, list({'rule': rule, 'column': column_name, 'dimension': dimension, 'weight': weight, 'otherwise': otherwise, 'checked': checked, 'failed': failed,
                    'share': share, 'atMost': at_most, 'verdict': verdict, 'samples': samples} order by failed desc, rule) as checks
                from gold._quality_checks semi join wanted using (run_id, table_name) group by all
            ), arrivals as (
                select table_name, max(epoch(judged_at) - age_seconds) as newest from gold._quality_batches where partition is null and kind in ('whole', 'increment') group by all
            ), columns as (
                select run_id, table_name, list({'column': column_name, 'rows': rows, 'missing': missing, 'completeness': completeness, 'accuracy': accuracy, 'schema': schema, 'consistency': consistency}) as columns
                from gold._quality_columns semi join wanted using (run_id, table_name) group by all
            ), partitions as (
                select run_id, table_name, list({'partition': partition, 'rows': rows, 'rejected': rejected, 'score': score, 'tier': tier, 'scores': {{Scores}}} order by partition) as partitions
                from gold._quality_batches semi join wanted using (run_id, table_name) where partition is not null group by all
            )
            select to_json({'table': table_name, 'runId': run_id, 'atUtc': {{Time}}, 'kind': kind, 'rows': rows, 'accepted': accepted, 'warned': warned, 'rejected': b.rejected,
                'tiers': {'gold': gold_rows, 'silver': silver_rows}, 'scores': {{Scores}}, 'score': score, 'tier': tier, 'verdict': verdict, 'reason': reason, 'ageSeconds': age_seconds, 'newest': newest,
                'checks': coalesce(checks, []), 'columns': coalesce(columns, []), 'partitions': coalesce(partitions, []), 'warnings': coalesce(warnings, [])})::varchar
            from gold._quality_batches b semi join wanted using (run_id, table_name)
                left join arrivals using (table_name) left join checks using (run_id, table_name) left join columns using (run_id, table_name) left join partitions using (run_id, table_name)
            where partition is null order by table_name
            """;
        var verdicts = await QueryAsync(pipeline, [QualityTables.Batches, QualityTables.Columns, QualityTables.Checks], select, cancellationToken);
        foreach (var verdict in verdicts)
        {
            var newest = verdict["newest"]?.GetValue<double>();
            verdict.AsObject().Remove("newest");
            if (runId is null && definition.Sources.FirstOrDefault(s => verdict["table"]?.GetValue<string>() == $"silver.{s.Name}") is { } source)
            {
                AddFreshness(verdict, source, newest);
            }
        }

        return verdicts;
    }

    /// <summary>The verdicts on the last batches, oldest first.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">Of this table of silver only; null: of all.</param>
    /// <param name="limit">At most so many, from 1 to <see cref="MaxTrend"/>.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UnknownPipelineException">There is no such pipeline.</exception>
    public async Task<IReadOnlyList<JsonNode>> TrendAsync(string pipeline, TableKey? table, int limit, CancellationToken cancellationToken)
    {
        await definitions.LoadAsync(pipeline, cancellationToken);
        var select =
            $$"""
            select json from (
                select judged_at, run_id, table_name, to_json({'table': table_name, 'runId': run_id, 'atUtc': {{Time}}, 'kind': kind, 'rows': rows, 'accepted': accepted, 'warned': warned, 'rejected': rejected,
                    'tiers': {'gold': gold_rows, 'silver': silver_rows}, 'scores': {{Scores}}, 'score': score, 'tier': tier, 'verdict': verdict, 'reason': reason, 'warnings': coalesce(warnings, [])})::varchar as json
                from gold._quality_batches where partition is null{{(table is { } only ? $" and table_name = {Sql.Literal(only.ToString())}" : "")}}
                order by judged_at desc, run_id desc, table_name limit {{limit}}
            ) order by judged_at, run_id, table_name
            """;
        return await QueryAsync(pipeline, [QualityTables.Batches], select, cancellationToken);
    }

    // How old the newest row is by now: nothing is recorded while nothing arrives.
    private void AddFreshness(JsonNode verdict, SourceDefinition source, double? newest)
    {
        if (source.Quality.ExpectedEvery is { } interval && newest is { } seconds)
        {
            var age = clock.GetUtcNow() - DateTimeOffset.UnixEpoch - TimeSpan.FromSeconds(seconds);
            verdict["freshness"] = new JsonObject
            {
                ["ageSeconds"] = Math.Round(age.TotalSeconds, 3),
                ["expectedEverySeconds"] = interval.TotalSeconds,
                ["timeliness"] = QualityJudge.Freshness(age, interval),
                ["isLate"] = age > interval,
            };
        }
    }

    private async Task<IReadOnlyList<JsonNode>> QueryAsync(string pipeline, IReadOnlyList<TableKey> keys, string select, CancellationToken cancellationToken)
    {
        var inputs = new List<TableInput>();
        foreach (var key in keys)
        {
            if (await tables.Open(pipeline, key).ReadAsync((long?)null, cancellationToken) is not { } snapshot)
            {
                return [];
            }

            inputs.Add(new TableInput(key.Layer, key.Name, snapshot, LakeTables.Root(pipeline, key)));
        }

        using var session = engine.OpenSession();
        var planned = await reader.PlanAsync(session, inputs, select, cancellationToken);
        engine.RequireRoom("Reading the verdicts on quality", planned);
        using var views = await reader.CreateViewsAsync(session, planned, cancellationToken);
        using var result = session.Query(select, cancellationToken);
        return [.. result.Rows().Select(r => JsonNode.Parse((string)(r[0] ?? "")) ?? throw new TerminalException("A verdict is empty."))];
    }
}
