using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Clustering;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Learning;
using Pipeline.Medallion.Mart;
using Pipeline.Medallion.Mart.Features;
using Pipeline.Medallion.Mart.Query;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Lets models score rows as they become silver. Nothing about a model or a row fails a batch: what cannot be scored has no scores.</summary>
internal sealed class RowScoring(NewestModels newest, ILogger logger)
{
    // So many values are 16 MiB as 32-bit floats.
    private const int ChunkValues = 1 << 22;
    private const string Number = "_number";
    private readonly ConcurrentDictionary<string, bool> told = new();

    /// <summary>How many rows are scored at a time, fewer where they have many features; memory does not grow with a batch.</summary>
    public int ChunkRows { get; init; } = 1 << 16;

    /// <summary>The newest versions of the models that score a source; those that there are.</summary>
    public async Task<IReadOnlyList<TrainedModel>> FindAsync(string pipeline, SourceDefinition source, CancellationToken cancellationToken)
    {
        var found = new List<TrainedModel>();
        foreach (var name in source.Score)
        {
            Add(found, pipeline, name, await TryReadAsync(pipeline, name, () => newest.FindAsync(pipeline, name, cancellationToken)));
        }

        return found;
    }

    /// <summary>Versions that were found before, for all parts of a step alike.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="versions">By model.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<TrainedModel>> FindAsync(string pipeline, IReadOnlyDictionary<string, long> versions, CancellationToken cancellationToken)
    {
        var found = new List<TrainedModel>();
        foreach (var (name, version) in versions)
        {
            Add(found, pipeline, name, await TryReadAsync(pipeline, name, () => newest.FindAsync(pipeline, name, version, cancellationToken)));
        }

        return found;
    }

    /// <summary>Scores the valid rows that stay, into the session's tables that <see cref="CleanSql.Silver"/> reads.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="models">The models.</param>
    /// <param name="hasLosers">Whether the session's table <c>losers</c> holds rows that do not stay.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public IReadOnlyList<ScoredRows> Score(CheckedRows rows, IReadOnlyList<TrainedModel> models, bool hasLosers, CancellationToken cancellationToken)
    {
        if (models.Count == 0)
        {
            return [];
        }

        var (session, source) = (rows.Session, rows.Source);
        var stay = CleanSql.AsStored(session, DeletedRows.Without(source, rows.Sql.Valid(hasLosers)));
        var columns = session.Describe(stay);
        var scored = new List<ScoredRows>();
        foreach (var model in models)
        {
            if (model.Clusters is { } trained && SoundOf(model, trained, source, stay, columns) is { } select)
            {
                scored.Add(Score(session, model, trained, select, ScoreColumns.TableOf(source, model.Name), cancellationToken));
            }
        }

        return scored;
    }

    private ScoredRows Score(DuckDbSession session, TrainedModel model, TrainedClusters trained, string select, string table, CancellationToken cancellationToken)
    {
        var names = trained.Model.Features.Select(Sql.Identifier).ToList();
        var fits = names.Zip(FeatureMatrix.Centre(trained.Model), FeatureMatrix.Reach(trained.Model)).Select(f => $"abs({f.First} - {FeatureSql.Number(f.Second)}) <= {FeatureSql.Number(f.Third)}");
        session.Execute(
            $"""
            create or replace temp table scorable as select row_number() over () - 1 as {Number}, * from ({select}) where {string.Join(" and ", fits)};
            create or replace temp table said ({Number} bigint, {ClusterScores.Columns})
            """,
            cancellationToken);
        var (rows, anomalies) = (session.Scalar<long>("select count(*) from scorable", cancellationToken), 0L);
        var step = Math.Clamp(ChunkValues / names.Count, 1, ChunkRows);
        for (var first = 0L; first < rows; first += step)
        {
            var range = string.Create(CultureInfo.InvariantCulture, $"{Number} >= {first} and {Number} < {first + step}");
            anomalies += Append(session, trained, first, $"select {string.Join(", ", names)} from scorable where {range} order by {Number}", cancellationToken);
        }

        session.Execute($"insert into {table} select _file, _row, cluster, distance, anomaly_score, anomaly from scorable join said using ({Number}); drop table scorable; drop table said", cancellationToken);
        return new ScoredRows(model.Name, model.Version, rows, anomalies);
    }

    private static long Append(DuckDbSession session, TrainedClusters trained, long first, string features, CancellationToken cancellationToken)
    {
        var matrix = Read(session, trained, features, cancellationToken);
        var clusters = KMeansTrainer.Apply(matrix, trained.Model, threads: 1, cancellationToken);
        return ClusterScores.Append(session, "said", trained, (matrix, clusters), first, threads: 1, cancellationToken);
    }

    private static FeatureMatrix Read(DuckDbSession session, TrainedClusters trained, string features, CancellationToken cancellationToken)
    {
        using var result = session.Query(features, cancellationToken);
        return FeatureMatrix.Read(result, trained.Model, cancellationToken);
    }

    // Null where the columns that the model learnt from are no longer those of the source.
    private string? SoundOf(TrainedModel model, TrainedClusters trained, SourceDefinition source, string rows, IReadOnlyList<DuckDbColumn> columns)
    {
        try
        {
            var query = new FeatureQuery { Pipeline = model.Pipeline, From = "", Key = ["_file", "_row"], Features = trained.Features };
            return new FeatureSql(query, $"({rows})", MartColumns.Of($"silver.{source.Name}", columns)).Sound(trained.Fitted);
        }
        catch (QueryException error)
        {
            Tell(model.Pipeline, $"{model.Name} version {model.Version}", error.Message);
            return null;
        }
    }

    private void Add(List<TrainedModel> found, string pipeline, string name, TrainedModel? model)
    {
        if (model is { Clusters: not null })
        {
            found.Add(model);
        }
        else if (model is not null)
        {
            Tell(pipeline, name, $"it is of the kind {model.Card.Kind}");
        }
    }

    // A run that makes the model readable again needs silver first.
    private async Task<TrainedModel?> TryReadAsync(string pipeline, string name, Func<Task<TrainedModel?>> read)
    {
        try
        {
            return await read();
        }
        catch (TerminalException error)
        {
            Tell(pipeline, name, error.Message);
            return null;
        }
    }

    // Once, for each batch would say it again.
    private void Tell(string pipeline, string model, string reason)
    {
        if (told.TryAdd($"{pipeline}/{model}/{reason}", true))
        {
            logger.NotScored(model, pipeline, reason);
        }
    }
}
