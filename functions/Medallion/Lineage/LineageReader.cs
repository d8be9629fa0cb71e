using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.DuckDb.Lineage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Models;
using Pipeline.Medallion.Runs;
using Pipeline.Medallion.Silver;

namespace Pipeline.Medallion.Lineage;

/// <summary>Finds where the columns of a pipeline's tables come from. It reads the definition and the columns of bronze, never data; what it found is kept.</summary>
internal sealed class LineageReader(Engine engine)
{
    private const int MaxKept = 64;
    private readonly ConcurrentDictionary<string, PipelineLineage> kept = new();

    /// <summary>The lineage of a pipeline's tables.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="bronze">Its bronze tables as far as there are any: what columns arrived.</param>
    public PipelineLineage Read(CompiledPipeline pipeline, IReadOnlyDictionary<TableKey, DeltaSnapshot> bronze)
    {
        var sources = pipeline.Definition.Sources.Select(source => Arrived(source, bronze.GetValueOrDefault(new TableKey("bronze", source.Name)))).ToList();
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(pipeline.Hash + Json.Write(sources.Select(s => new { s.Source.Name, s.Bronze, s.Source.Columns })))));
        if (kept.Count > MaxKept)
        {
            kept.Clear();
        }

        return kept.GetOrAdd(key, _ => Follow(pipeline, sources));
    }

    private static (SourceDefinition Source, IReadOnlyList<DuckDbColumn>? Bronze) Arrived(SourceDefinition source, DeltaSnapshot? bronze)
    {
        var columns = bronze?.Schema.Fields.Select(field => new DuckDbColumn(field.Name, DeltaTypes.ToDuckDb(field.Type))).ToList();
        return (CleanSql.WithDetected(source, StepState.Of(bronze, new TableKey("bronze", source.Name))?.Columns ?? []), columns);
    }

    private PipelineLineage Follow(CompiledPipeline pipeline, IReadOnlyList<(SourceDefinition Source, IReadOnlyList<DuckDbColumn>? Bronze)> sources)
    {
        using var session = engine.OpenSession();
        RunTime.Define(session, DateTimeOffset.UnixEpoch);
        foreach (var layer in TableKey.Layers)
        {
            session.Execute($"create schema if not exists {layer}");
        }

        var tables = new Dictionary<TableKey, TableLineage>();
        var columns = new Dictionary<TableKey, IReadOnlyList<string>>();
        foreach (var (source, bronze) in sources)
        {
            var clean = new CleanLineage(source, bronze);
            if (bronze is not null)
            {
                Create(new TableKey("bronze", source.Name), $"select {string.Join(", ", bronze.Select(c => $"null::{c.Type} as {Sql.Identifier(c.Name)}"))}");
            }

            if (source.Columns.Count > 0)
            {
                var silver = new TableKey("silver", source.Name);
                Create(silver, CleanSql.EmptySilver(source));
                tables[silver] = clean.Silver(session, columns[silver], pipeline.Definition.Clusters);
                var rejected = new TableKey("rejected", source.Name);
                Create(rejected, CleanSql.EmptyRejected);
                tables[rejected] = clean.Rejected(session, columns[rejected]);
            }
        }

        foreach (var step in pipeline.Steps.Where(step => step.Kind is StepKind.Model or StepKind.Learn))
        {
            var sql = step.Kind == StepKind.Model ? pipeline.Model(step.Table).Sql : LearnLineage.Select(pipeline.Definition, step.Table);
            TryCreate(step.Table, sql);
            var outputs = columns.GetValueOrDefault(step.Table);
            var found = SelectLineage.Of(session, sql, table => columns.GetValueOrDefault(TableKey.Of(table)), outputs);
            tables[step.Table] = TableLineage.Of(found, outputs ?? [.. found.Columns.Select(column => column.Name).Where(name => name.Length > 0).Distinct()]);
        }

        return new PipelineLineage(pipeline, tables);

        void Create(TableKey table, string sql)
        {
            session.Execute($"create table {table} as {sql} limit 0");
            columns[table] = [.. session.Describe($"select * from {table}").Select(column => column.Name)];
        }

        // What reads a table whose columns nobody knows cannot be bound: it is followed without.
        void TryCreate(TableKey table, string sql)
        {
            try
            {
                Create(table, ModelSql.Normalise(session, sql));
            }
            catch (TerminalException)
            {
                columns.Remove(table);
            }
        }
    }
}
