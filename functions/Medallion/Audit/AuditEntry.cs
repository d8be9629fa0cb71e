namespace Pipeline.Medallion.Audit;

/// <summary>What somebody did to the app, or tried to.</summary>
public sealed record AuditEntry
{
    /// <summary>Ids are in the order of time; the log gives them.</summary>
    public string Id { get; init; } = "";

    /// <summary>When it was written down, which is when it was over; the log gives it.</summary>
    public DateTimeOffset TimeUtc { get; init; }

    /// <summary>Who: a name of the identity provider's, or how the caller showed that it may.</summary>
    public required string Who { get; init; }

    /// <summary>What kind of thing, such as <c>run.start</c> or <c>query</c>.</summary>
    public required string What { get; init; }

    /// <summary>To what: the path of the API below <c>/api/</c>, such as <c>pipelines/northwind/runs</c>.</summary>
    public required string Target { get; init; }

    /// <summary>From which address; null where nobody called from outside.</summary>
    public string? From { get; init; }

    /// <summary>What became of it.</summary>
    public required AuditOutcome Outcome { get; init; }

    /// <summary>The HTTP status that was answered; null where nobody called.</summary>
    public int? Status { get; init; }

    /// <summary>How long it took, in milliseconds.</summary>
    public long DurationMs { get; init; }

    /// <summary>What was asked for: the beginning of the request's body, at most 4,000 characters.</summary>
    public string? Detail { get; init; }

    /// <summary>What came of it: the id of what was begun, or why it was not done.</summary>
    public string? Result { get; init; }
}

/// <summary>What became of something that was asked for.</summary>
public enum AuditOutcome
{
    /// <summary>It was done, or begun.</summary>
    Succeeded,

    /// <summary>It was not allowed, or could not be.</summary>
    Refused,

    /// <summary>It went wrong.</summary>
    Failed,
}

/// <summary>Which entries are wanted; null: any.</summary>
public sealed record AuditFilter
{
    /// <summary>Of this caller.</summary>
    public string? Who { get; init; }

    /// <summary>Of this kind, or of those that begin with it up to a dot: <c>run</c> for <c>run.start</c>.</summary>
    public string? What { get; init; }

    /// <summary>With this target, or one below it: <c>pipelines/northwind</c> for <c>pipelines/northwind/runs</c>.</summary>
    public string? Target { get; init; }

    /// <summary>Not before this time.</summary>
    public DateTimeOffset? FromUtc { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? ToUtc { get; init; }

    internal bool Takes(AuditEntry entry) =>
        (Who is null || entry.Who == Who)
        && (What is null || entry.What == What || entry.What.StartsWith($"{What}.", StringComparison.Ordinal))
        && (Target is null || entry.Target == Target || entry.Target.StartsWith($"{Target}/", StringComparison.Ordinal))
        && (FromUtc is null || entry.TimeUtc >= FromUtc)
        && (ToUtc is null || entry.TimeUtc < ToUtc);
}
