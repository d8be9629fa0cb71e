using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>A run's folder on the lake: the lists that are too long for an orchestration's messages. It goes when the run has ended.</summary>
public sealed class RunFolder(ILake lake, string runId)
{
    private readonly LakePath root = new("pipelines", $".runs/{runId}");

    /// <summary>The list of what a part of an ingest step takes.</summary>
    public static string PartName(string planId, TableKey step, int part) => string.Create(CultureInfo.InvariantCulture, $"{planId}/{step}/part-{part:D5}.json");

    /// <summary>The list of what an attempt at a part wrote.</summary>
    public static string ManifestName(TableKey step, LandedPart landed)
    {
        ArgumentNullException.ThrowIfNull(landed);
        return string.Create(CultureInfo.InvariantCulture, $"{step}/landed-{landed.Part:D5}-{landed.Invocation}.json");
    }

    /// <summary>How an attempt cut a step.</summary>
    public static string SplitName(TableKey step, string invocation) => $"{step}/split-{invocation}.json";

    /// <summary>Where rows lie that parts of a step hand to each other.</summary>
    public LakePath Rows(TableKey step) => root.Append($"{step}/rows");

    /// <summary>Writes a document, replacing what an earlier attempt wrote.</summary>
    public Task WriteAsync<T>(string name, T value, CancellationToken cancellationToken) =>
        lake.WriteAsync(root.Append(name), JsonSerializer.SerializeToUtf8Bytes(value, Json.Options), cancellationToken);

    /// <summary>Reads a document.</summary>
    /// <exception cref="TerminalException">It is not there.</exception>
    public async Task<T> ReadAsync<T>(string name, CancellationToken cancellationToken)
    {
        var bytes = await lake.ReadAsync(root.Append(name), cancellationToken)
            ?? throw new TerminalException($"{root.Append(name)} is missing: the folder of run '{runId}' was deleted while the run was going on. Start a new run.");
        return JsonSerializer.Deserialize<T>(bytes, Json.Options) ?? throw new TerminalException($"{root.Append(name)} is empty.");
    }

    /// <summary>Deletes the folder.</summary>
    public Task DeleteAsync(CancellationToken cancellationToken) => lake.DeleteDirectoryAsync(root, cancellationToken);
}
