using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Quality;

/// <summary>Keeps the verdicts of a run, and tells what is unusual about them beside the batches before.</summary>
internal sealed class QualityRecorder(LakeTables tables, Engine engine, TableReader reader, DataFileWriter writer)
{
    private const int History = 50;

    /// <summary>Keeps what the clean steps of a run found; a repeat keeps nothing twice.</summary>
    /// <returns>The verdicts, with their warnings.</returns>
    public async Task<IReadOnlyList<QualityReport>> RecordAsync(string pipeline, string runId, CancellationToken cancellationToken)
    {
        var found = await new RunFolder(tables.Lake, runId).ReadAllAsync<QualityReport>(RunFolder.Quality, cancellationToken);
        if (found.Count == 0 || !RunStore.TryParse(runId, out _, out var number))
        {
            return [];
        }

        using var session = engine.OpenSession();
        var past = await PastAsync(session, pipeline, runId, cancellationToken);
        var reports = found.Select(r => r with { Warnings = [.. past.SelectMany(p => p.Compare(r))] }).ToList();
        await new QualityTables(tables, writer).AddAsync(session, pipeline, runId, number, reports, $"quality-{number.ToString(CultureInfo.InvariantCulture)}-{Path.GetRandomFileName()[..8]}", cancellationToken);
        return reports;
    }

    // The batches before, by table and kind: a whole table is not compared with an increment.
    private async Task<IReadOnlyList<PastBatches>> PastAsync(DuckDbSession session, string pipeline, string runId, CancellationToken cancellationToken)
    {
        var inputs = new List<TableInput>();
        foreach (var key in new[] { QualityTables.Batches, QualityTables.Columns })
        {
            if (await tables.Open(pipeline, key).ReadAsync((long?)null, cancellationToken) is { } snapshot)
            {
                inputs.Add(new TableInput(key.Layer, key.Name, snapshot, LakeTables.Root(pipeline, key)));
            }
        }

        // Most pipelines begin with less than anything could be told from.
        if (inputs.Count < 2 || inputs[0].Snapshot.Rows < RobustDeviation.MinHistory)
        {
            return [];
        }

        var select =
            $$"""
            with batches as (
                select table_name, kind, run_id, judged_at, rows, epoch(judged_at - lag(judged_at) over (partition by table_name, kind order by judged_at)) as gap
                from gold._quality_batches where partition is null and verdict in ('passed', 'warned') and rows > 0 and run_id <> {{Sql.Literal(runId)}}
                qualify row_number() over (partition by table_name, kind order by judged_at desc) <= {{History}}
            )
            , shares as (
                select c.table_name, c.kind, c.column_name, list(c.missing::double / c.rows order by c.judged_at) as shares
                from gold._quality_columns c join batches b on c.run_id = b.run_id and c.table_name = b.table_name where c.rows > 0 group by all
            ), columns as (select table_name, kind, list({'c': column_name, 'shares': shares}) as missing from shares group by all)
            select b.table_name, b.kind, max(b.judged_at), list(b.rows::double order by b.judged_at), list(b.gap::double order by b.judged_at) filter (b.gap is not null), any_value(c.missing)
            from batches b left join columns c on b.table_name = c.table_name and b.kind = c.kind group by b.table_name, b.kind
            """;
        var planned = await reader.PlanAsync(session, inputs, select, cancellationToken);
        using var views = await reader.CreateViewsAsync(session, planned, cancellationToken);
        using var result = session.Query(select, cancellationToken);
        return [.. result.Rows().Select(PastBatches.Read)];
    }
}
