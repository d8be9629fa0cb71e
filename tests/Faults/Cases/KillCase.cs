using System.Globalization;
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

    /// <summary>The write at which the app is killed, from 1; 0: it is killed after some time.</summary>
    public int Write { get; init; }

    public Moment Moment { get; init; }

    /// <summary>The time after the run was asked for, where the kill is not at a write.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>The write of the app started again at which it is killed once more; null: it is not.</summary>
    public int? WriteOfRecovery { get; init; }

    /// <summary>The options of the fault programme that play the case again.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"--stage {Stage} {(Time is { } time ? $"--time {time.TotalSeconds:F3}" : $"--write {Write} --moment {Moment}")}{(WriteOfRecovery is { } again ? $" --again {again}" : "")}").ToLowerInvariant();
}

/// <summary>How a case came out.</summary>
public sealed record CaseResult
{
    public required KillCase Case { get; init; }

    /// <summary>At which write the app was killed.</summary>
    public StorageRequest? KilledAt { get; init; }

    /// <summary>Whether it was killed; not so if the run was over before it came to that write.</summary>
    public bool Killed { get; init; }

    /// <summary>What is not as it should be.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public double Seconds { get; init; }

    public bool Passed => Problems.Count == 0;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Passed ? "ok  " : "FAIL")} {Seconds,6:F1} s  {Case}  {KilledAt?.ToString() ?? (Killed ? "" : "not reached")}{string.Concat(Problems.Select(p => $"{Environment.NewLine}     {p}"))}");
}
