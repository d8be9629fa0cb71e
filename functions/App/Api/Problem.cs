using Pipeline.Medallion.Definitions;

namespace Pipeline.App.Api;

/// <summary>An error as the API tells of it: problem details (RFC 9457) with what this API adds.</summary>
public sealed record Problem
{
    /// <summary>The kind of error, for people.</summary>
    public required string Title { get; init; }

    /// <summary>The HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>What was found, what was expected, where, and what to do.</summary>
    public required string Detail { get; init; }

    /// <summary>The run that is going on (409).</summary>
    public string? RunId { get; init; }

    /// <summary>What is wrong with a definition, by file and line (422).</summary>
    public IReadOnlyList<DefinitionProblem>? Problems { get; init; }
}
