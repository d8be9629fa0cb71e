namespace Pipeline.Medallion.Quality;

/// <summary>The thresholds of a source: <c>quality:</c> of pipeline.yaml. Shares are from 0 to 1.</summary>
public sealed record QualityDefinition
{
    /// <summary>From this score on a batch is gold.</summary>
    public decimal Gold { get; init; } = 0.95m;

    /// <summary>From this score on a batch is silver; below it is bronze.</summary>
    public decimal Silver { get; init; } = 0.80m;

    /// <summary>From this score on a row is gold; other rows of silver are silver.</summary>
    public decimal GoldRow { get; init; } = 1m;

    /// <summary>The score that a batch must have; null: any will do.</summary>
    public decimal? Floor { get; init; }

    /// <summary>What becomes of a batch below the floor, or with more failing rows than a rule tolerates.</summary>
    public BelowFloor Below { get; init; } = BelowFloor.Hold;

    /// <summary>How often new data are expected; null: timeliness is not measured by age.</summary>
    public TimeSpan? ExpectedEvery { get; init; }

    /// <summary>The date or timestamp whose newest value tells the age; null: the time of arrival.</summary>
    public string? AgeOf { get; init; }

    /// <summary>How much a dimension counts in the score, more or less than 1.</summary>
    public IReadOnlyDictionary<Dimension, decimal> Weights { get; init; } = new Dictionary<Dimension, decimal>();

    /// <summary>The weight of a dimension.</summary>
    public decimal WeightOf(Dimension dimension) => Weights.GetValueOrDefault(dimension, 1m);
}

/// <summary>What becomes of a batch that is below its floor.</summary>
public enum BelowFloor
{
    /// <summary>It stays in bronze and is judged again with what comes next; nothing is fed by it.</summary>
    Hold,

    /// <summary>The step fails.</summary>
    Fail,

    /// <summary>It goes on, with a warning.</summary>
    Warn,
}

/// <summary>How good rows and batches are.</summary>
public enum Tier
{
    /// <summary>As it arrived.</summary>
    Bronze,

    /// <summary>Valid.</summary>
    Silver,

    /// <summary>Valid and without any failed check.</summary>
    Gold,
}
