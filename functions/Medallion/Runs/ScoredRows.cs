namespace Pipeline.Medallion.Runs;

/// <summary>What a model said of rows as they became silver.</summary>
/// <param name="Model">The model.</param>
/// <param name="Version">Its version.</param>
/// <param name="Rows">The rows that it put into clusters; others lacked what it looks at.</param>
/// <param name="Anomalies">Those of them that are anomalies.</param>
public sealed record ScoredRows(string Model, long Version, long Rows, long Anomalies)
{
    /// <summary>The same models over several parts of the rows.</summary>
    internal static IReadOnlyList<ScoredRows> Sum(IEnumerable<IReadOnlyList<ScoredRows>> parts) =>
        [.. parts.SelectMany(p => p).GroupBy(s => (s.Model, s.Version)).Select(g => new ScoredRows(g.Key.Model, g.Key.Version, g.Sum(s => s.Rows), g.Sum(s => s.Anomalies)))];
}

/// <summary>What models said of the rows of a commit.</summary>
/// <param name="CommittedBy">The run, or the landing of a stream, whose commit it was: no other has its name.</param>
/// <param name="Models">By model.</param>
/// <param name="IsRepeat">Whether the commit was found, and not made now.</param>
public sealed record ScoredBatch(string CommittedBy, IReadOnlyList<ScoredRows> Models, bool IsRepeat)
{
    /// <summary>What the state of a step remembers; null where no model was asked.</summary>
    internal static ScoredBatch? Of(StepState? state, bool isRepeat) => state?.Scored is { } scored ? new ScoredBatch(state.RunId, scored, isRepeat) : null;
}
