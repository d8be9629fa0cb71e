using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Local;

/// <summary>What GET /api/runs/{id} answers.</summary>
internal sealed record RunState
{
    public required string Id { get; init; }

    public required string Pipeline { get; init; }

    /// <summary>running, succeeded, failed or terminated.</summary>
    public required string Status { get; init; }

    public string? Error { get; init; }

    public double Seconds { get; init; }

    public IReadOnlyList<StepState> Steps { get; init; } = [];

    public IReadOnlyDictionary<string, JsonElement> Metrics { get; init; } = new Dictionary<string, JsonElement>();

    public bool IsOver => Status is not ("pending" or "running");

    public bool Succeeded => Status == "succeeded";
}

/// <summary>A step of a run.</summary>
internal sealed record StepState
{
    public required string Name { get; init; }

    public string? Kind { get; init; }

    /// <summary>pending, running, succeeded, unchanged, failed or skipped.</summary>
    public required string Status { get; init; }

    public long? RowsIn { get; init; }

    public long? RowsOut { get; init; }

    public long? RowsRejected { get; init; }

    public string? Table { get; init; }

    public long? Version { get; init; }

    public double? Seconds { get; init; }

    public string? Error { get; init; }

    public bool IsOver => Status is not ("pending" or "running");
}

/// <summary>What POST /api/pipelines/{name}/plan answers.</summary>
internal sealed record RunPlan
{
    public required string Pipeline { get; init; }

    public required string Definition { get; init; }

    public required IReadOnlyList<PlannedStep> Steps { get; init; }
}

/// <summary>What a run would do for a step.</summary>
internal sealed record PlannedStep
{
    public required string Name { get; init; }

    public required string Kind { get; init; }

    /// <summary>none, update, rebuild or depends.</summary>
    public required string Action { get; init; }

    public required string Why { get; init; }

    /// <summary>Null where a step before it decides that.</summary>
    public PlannedReads? Reads { get; init; }
}

/// <summary>What a step would read.</summary>
internal sealed record PlannedReads(long Files, long Bytes, long? Rows, IReadOnlyList<string> Paths);

/// <summary>One table of GET /api/tables.</summary>
internal sealed record TableState
{
    public required string Layer { get; init; }

    public required string Pipeline { get; init; }

    public required string Table { get; init; }

    public long Version { get; init; }

    public long Rows { get; init; }

    public long Files { get; init; }

    public long Bytes { get; init; }
}

/// <summary>One table of GET /api/catalog.</summary>
internal sealed record CatalogEntry
{
    public required string Layer { get; init; }

    public required string Pipeline { get; init; }

    public required string Table { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<CatalogColumn> Columns { get; init; } = [];

    /// <summary>Of bronze: what arrives.</summary>
    public string? Source { get; init; }

    public IReadOnlyList<string> Upstream { get; init; } = [];

    public IReadOnlyList<string> Downstream { get; init; } = [];

    public required CatalogChange LastChange { get; init; }

    public long Rows { get; init; }

    public long Bytes { get; init; }

    public long Files { get; init; }

    public CatalogQuality? Quality { get; init; }

    public string? Problem { get; init; }

    public string Name => $"{Layer}.{Table}";
}

internal sealed record CatalogColumn(string Name, string Type, string? Description = null);

internal sealed record CatalogChange(long Version, DateTimeOffset CommittedUtc, string Operation);

internal sealed record CatalogQuality(long RowsIn, long RowsRejected, double RejectedShare);

/// <summary>What GET /api/catalog/{layer}/{pipeline}/{table} answers.</summary>
internal sealed record CatalogDetail
{
    public required CatalogEntry Table { get; init; }

    public required IReadOnlyList<CatalogColumnLineage> Columns { get; init; }

    public required IReadOnlyList<CatalogSource> Rows { get; init; }

    public bool AreRowsComplete { get; init; }
}

internal sealed record CatalogColumnLineage(string Column, IReadOnlyList<CatalogSource> Upstream, IReadOnlyList<CatalogSource> Downstream, bool IsComplete);

internal sealed record CatalogSource(string Table, string Column, string Use);

/// <summary>What POST /api/mart/sql answers.</summary>
internal sealed record QueryResult
{
    public required IReadOnlyList<QueryColumn> Columns { get; init; }

    public required IReadOnlyList<IReadOnlyList<JsonElement>> Rows { get; init; }

    /// <summary>True if the server's limits left rows off.</summary>
    public bool Truncated { get; init; }
}

internal sealed record QueryColumn(string Name, string Type);

/// <summary>An error answer (RFC 9457).</summary>
internal sealed record ProblemDetails
{
    public string? Title { get; init; }

    public string? Detail { get; init; }

    /// <summary>On 409: the run that is going on.</summary>
    public string? RunId { get; init; }
}

/// <summary>The app refused a request or could not answer it; the message says why.</summary>
internal sealed class ApiException(string message) : Exception(message);

/// <summary>What is asked of a run.</summary>
internal sealed record RunBody
{
    public IReadOnlyList<string> Select { get; init; } = [];

    public bool FullRefresh { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RangeBody? Backfill { get; init; }
}

/// <summary>Rejected rows that are tried again.</summary>
internal sealed record ReplayBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Rule { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? To { get; init; }

    public IReadOnlyDictionary<string, string> Fix { get; init; } = new Dictionary<string, string>();
}

/// <summary>The days, months or years whose partitions are made anew.</summary>
internal sealed record RangeBody(string From, string To)
{
    /// <summary>Null without both ends.</summary>
    public static RangeBody? Of(string? from, string? to) => from is null || to is null ? null : new RangeBody(from, to);

    /// <summary>As options of a command.</summary>
    public override string ToString() => $" --from {From} --to {To}";
}
