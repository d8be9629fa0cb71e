namespace Pipeline.Faults.Streaming;

/// <summary>How a kind of fault came out, or a part of its faults.</summary>
internal sealed record KindResult
{
    public required string Kind { get; init; }

    public required string Description { get; init; }

    /// <summary>Decides the moments and what exactly went wrong.</summary>
    public required int Seed { get; init; }

    /// <summary>The number of the first fault, from 0.</summary>
    public int First { get; init; }

    /// <summary>Events that were sent and acknowledged.</summary>
    public required int Events { get; init; }

    /// <summary>Faults that were injected.</summary>
    public required int Faults { get; init; }

    public Verdict Verdict { get; init; } = new();

    /// <summary>From the end of a fault to the first commit of an event that was sent after it.</summary>
    public IReadOnlyList<double> RecoverySeconds { get; init; } = [];

    /// <summary>The most bytes that were unread of a partition.</summary>
    public long MostUnreadBytes { get; init; }

    public double Seconds { get; init; }

    /// <summary>What else is not as it should be.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    public bool Passed => Problems.Count == 0 && Verdict is { Lost: 0, Duplicated: 0, Differences: 0 };

    /// <summary>Parts of a kind as one.</summary>
    public static KindResult Of(IReadOnlyList<KindResult> parts) => parts[0] with
    {
        Events = parts.Sum(p => p.Events),
        Faults = parts.Sum(p => p.Faults),
        Verdict = new Verdict
        {
            Lost = parts.Sum(p => p.Verdict.Lost),
            Duplicated = parts.Sum(p => p.Verdict.Duplicated),
            DuplicatedIn = string.Join(", ", parts.SelectMany(p => p.Verdict.DuplicatedIn.Split(", ", StringSplitOptions.RemoveEmptyEntries)).Distinct()),
            Dropped = parts.Sum(p => p.Verdict.Dropped),
            Windows = parts.Sum(p => p.Verdict.Windows),
            Differences = parts.Sum(p => p.Verdict.Differences),
        },
        RecoverySeconds = [.. parts.SelectMany(p => p.RecoverySeconds)],
        MostUnreadBytes = parts.Max(p => p.MostUnreadBytes),
        Seconds = parts.Sum(p => p.Seconds),
        Problems = [.. parts.SelectMany(p => p.Problems.Select(problem => $"{p.Kind}, faults from {p.First}: {problem}"))],
    };

    /// <summary>The time within which a share of the recoveries was.</summary>
    public double Recovery(double share)
    {
        var sorted = RecoverySeconds.Order().ToList();
        return sorted.Count == 0 ? 0 : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];
    }
}

/// <summary>What the tables say of the events of a kind.</summary>
internal sealed record Verdict
{
    /// <summary>Acknowledged events that are not in bronze, or not in silver or rejected.</summary>
    public long Lost { get; init; }

    /// <summary>Rows that an event has beyond its one in bronze, and its one in silver or rejected.</summary>
    public long Duplicated { get; init; }

    /// <summary>The layers that have them.</summary>
    public string DuplicatedIn { get; init; } = "";

    /// <summary>Events that the broker dropped before they were read.</summary>
    public long Dropped { get; init; }

    /// <summary>Closed windows of the live aggregate that were compared with silver.</summary>
    public long Windows { get; init; }

    /// <summary>Groups in which they differ, and events that came too late for them.</summary>
    public long Differences { get; init; }
}
