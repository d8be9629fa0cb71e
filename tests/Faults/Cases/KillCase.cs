using Pipeline.Faults.Storage;

namespace Pipeline.Faults.Cases;

/// <summary>Which run is disturbed.</summary>
public enum Stage
{
    /// <summary>The first run on an empty account, from the app's start on.</summary>
    First,

    /// <summary>A run after one file changed and another came.</summary>
    Changed,
}

/// <summary>A kill of the app at one of its writes, and perhaps a second one while it recovers.</summary>
public sealed record KillCase
{
    public required Stage Stage { get; init; }

    /// <summary>The write at which the app is killed, from 1.</summary>
    public required int Write { get; init; }

    public required Moment Moment { get; init; }

    /// <summary>The write of the app started again at which it is killed once more; null: it is not.</summary>
    public int? WriteOfRecovery { get; init; }

    public override string ToString() =>
        $"--stage {Stage} --write {Write} --moment {Moment}{(WriteOfRecovery is { } again ? $" --again {again}" : "")}".ToLowerInvariant();
}

/// <summary>How a case came out.</summary>
public sealed record CaseResult
{
    public required KillCase Case { get; init; }

    /// <summary>At which write the app was killed; null: the run was over before it came to it.</summary>
    public StorageRequest? KilledAt { get; init; }

    /// <summary>What is not as it should be.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public double Seconds { get; init; }

    public bool Passed => Problems.Count == 0;
}
