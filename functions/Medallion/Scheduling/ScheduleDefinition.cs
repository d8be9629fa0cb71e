using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Scheduling;

/// <summary>When a pipeline is started by itself.</summary>
public sealed record ScheduleDefinition
{
    /// <summary>NCRONTAB: <c>{second} {minute} {hour} {day} {month} {day-of-week}</c>, or without the seconds. Due times are looked for once a minute.</summary>
    public required string Cron { get; init; }

    /// <summary>The IANA name of the time zone that the expression is in.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>What becomes of times at which no run could begin.</summary>
    public MissedRuns Missed { get; init; }

    /// <summary>Where it stands in pipeline.yaml.</summary>
    public required SourceLine Line { get; init; }
}

/// <summary>What becomes of times at which no run could begin: the app was down, or a run was going on.</summary>
public enum MissedRuns
{
    /// <summary>One run makes up for all of them, as soon as it can begin.</summary>
    Once,

    /// <summary>They are left out; the next time counts.</summary>
    Skip,
}
