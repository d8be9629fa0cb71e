namespace Pipeline.Medallion.Quality;

/// <summary>What was counted in a batch, or in a part of one: sums only, so that parts add up.</summary>
public sealed record MeasuredBatch
{
    /// <summary>How many failing rows are kept of each check.</summary>
    public const int SamplesPerCheck = 5;

    /// <summary>A batch without rows.</summary>
    public static MeasuredBatch Empty { get; } = new();

    /// <summary>The counts of each partition; one without values where the table has none.</summary>
    public IReadOnlyList<MeasuredPartition> Partitions { get; init; } = [];

    /// <summary>The first failing rows of each check, by file and row; as many lists as checks.</summary>
    public IReadOnlyList<IReadOnlyList<FailedSample>> Samples { get; init; } = [];

    /// <summary>For each rule over sums, the two sums over accepted rows.</summary>
    public IReadOnlyList<SumPair> Sums { get; init; } = [];

    /// <summary>The newest date or time, at most the run's; null where there is none.</summary>
    public DateTimeOffset? NewestUtc { get; init; }

    /// <summary>The whole of some parts.</summary>
    public static MeasuredBatch Sum(IReadOnlyCollection<MeasuredBatch> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var samples = parts.Select(p => p.Samples).Where(s => s.Count > 0).ToList();
        return new MeasuredBatch
        {
            Partitions = [.. parts.SelectMany(p => p.Partitions).GroupBy(p => p.Name).Select(MeasuredPartition.Sum).OrderBy(p => p.Name, StringComparer.Ordinal)],
            Samples = samples.Count == 0 ? [] : [.. Enumerable.Range(0, samples[0].Count).Select(check => FailedSample.First(samples.SelectMany(s => s[check])))],
            Sums = parts.Select(p => p.Sums).Aggregate((IReadOnlyList<SumPair>)[], SumPair.Add),
            NewestUtc = parts.Max(p => p.NewestUtc),
        };
    }
}

/// <summary>What was counted in one partition.</summary>
public sealed record MeasuredPartition
{
    /// <summary>Such as <c>year=2013/month=5</c>; empty where the table has no partitions.</summary>
    public required string Name { get; init; }

    /// <summary>Rows of bronze.</summary>
    public required long Rows { get; init; }

    /// <summary>Those that could be read.</summary>
    public required long Readable { get; init; }

    /// <summary>Those that no check rejects.</summary>
    public required long Valid { get; init; }

    /// <summary>Valid rows that fail a check which does not reject.</summary>
    public required long Warned { get; init; }

    /// <summary>Valid rows of the tier gold.</summary>
    public required long Gold { get; init; }

    /// <summary>By column, readable rows with something in it.</summary>
    public required IReadOnlyList<long> Present { get; init; }

    /// <summary>By column, readable rows with a value of its type.</summary>
    public required IReadOnlyList<long> Typed { get; init; }

    /// <summary>By check, the rows that it is about.</summary>
    public required IReadOnlyList<long> Checked { get; init; }

    /// <summary>By check, the rows that fail it.</summary>
    public required IReadOnlyList<long> Failed { get; init; }

    /// <summary>The sum of some counts.</summary>
    public static MeasuredPartition Sum(IEnumerable<MeasuredPartition> parts)
    {
        var all = parts.ToList();
        return new MeasuredPartition
        {
            Name = all[0].Name,
            Rows = all.Sum(p => p.Rows),
            Readable = all.Sum(p => p.Readable),
            Valid = all.Sum(p => p.Valid),
            Warned = all.Sum(p => p.Warned),
            Gold = all.Sum(p => p.Gold),
            Present = Add(p => p.Present),
            Typed = Add(p => p.Typed),
            Checked = Add(p => p.Checked),
            Failed = Add(p => p.Failed),
        };

        List<long> Add(Func<MeasuredPartition, IReadOnlyList<long>> counts) => [.. Enumerable.Range(0, counts(all[0]).Count).Select(i => all.Sum(p => counts(p)[i]))];
    }
}

/// <summary>Two sums that must agree.</summary>
/// <param name="Left">The one.</param>
/// <param name="Right">The other.</param>
public readonly record struct SumPair(decimal Left, decimal Right)
{
    /// <summary>Adds sums of the same rules; an empty list adds nothing.</summary>
    public static IReadOnlyList<SumPair> Add(IReadOnlyList<SumPair> one, IReadOnlyList<SumPair> other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        return one.Count == 0 ? other : other.Count == 0 ? one : [.. one.Zip(other, (a, b) => new SumPair(a.Left + b.Left, a.Right + b.Right))];
    }

    /// <summary>The same with the opposite sign.</summary>
    internal SumPair Negate() => new(-Left, -Right);
}

/// <summary>A row that fails a check.</summary>
/// <param name="File">Its file in the container <c>landing</c>.</param>
/// <param name="Row">Its number there, from 1.</param>
/// <param name="Value">The offending value, or what the rule looks at as JSON; at most 200 characters.</param>
public sealed record FailedSample(string? File, long? Row, string? Value)
{
    internal static IReadOnlyList<FailedSample> First(IEnumerable<FailedSample> samples) =>
        [.. samples.OrderBy(s => s.File, StringComparer.Ordinal).ThenBy(s => s.Row).Take(MeasuredBatch.SamplesPerCheck)];
}
