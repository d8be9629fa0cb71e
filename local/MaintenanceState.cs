using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Local;

/// <summary>What GET /api/maintenance/{id} answers; also what `maintain --json` prints.</summary>
internal sealed record MaintenanceState
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public required string Id { get; init; }

    /// <summary>running, succeeded or failed.</summary>
    public required string Status { get; init; }

    public bool DryRun { get; init; }

    public string? Error { get; init; }

    public double Seconds { get; init; }

    public int? PlannedTables { get; init; }

    public MaintenanceFigures Figures { get; init; } = new();

    public IReadOnlyList<MaintainedTable> Tables { get; init; } = [];

    [JsonIgnore]
    public bool IsOver => Status != "running";

    [JsonIgnore]
    public bool Succeeded => Status == "succeeded";

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <summary>What was done to all tables together.</summary>
internal sealed record MaintenanceFigures
{
    public int Tables { get; init; }

    public int Failed { get; init; }

    public int Postponed { get; init; }

    public long FilesPacked { get; init; }

    public long FilesMade { get; init; }

    public long RowsRemoved { get; init; }

    public long LogFilesDeleted { get; init; }

    public long FilesDeleted { get; init; }

    public long BytesFreed { get; init; }
}

/// <summary>What was done to a table.</summary>
internal sealed record MaintainedTable
{
    public required string Pipeline { get; init; }

    public required string Table { get; init; }

    /// <summary>nothing, done, postponed or failed.</summary>
    public required string Status { get; init; }

    public IReadOnlyList<MaintainedOperation> Operations { get; init; } = [];

    public double Seconds { get; init; }
}

/// <summary>What an operation did to a table.</summary>
internal sealed record MaintainedOperation
{
    /// <summary>retention, optimize, checkpoint, logCleanup or vacuum.</summary>
    public required string Operation { get; init; }

    /// <summary>nothing, done, postponed or failed.</summary>
    public required string Status { get; init; }

    public long Files { get; init; }

    public long Bytes { get; init; }

    public int? Into { get; init; }

    public long? Rows { get; init; }

    public long? Version { get; init; }

    public IReadOnlyList<string> Partitions { get; init; } = [];

    public string? Reason { get; init; }
}

/// <summary>What POST /api/tables/…/restore answers; also what `restore --json` prints.</summary>
internal sealed record RestoredTable(string Table, long Version, long RestoredVersion, long Rows)
{
    public string ToJson() => JsonSerializer.Serialize(this, JsonSerializerOptions.Web);
}
