using System.Globalization;
using System.Text.Json;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Runs;

/// <summary>A run's folder on the lake: the lists that are too long for an orchestration's messages. It goes when the run has ended.</summary>
public sealed class RunFolder(ILake lake, string runId)
{
    private static readonly LakePath All = new("pipelines", ".runs");
    private readonly LakePath root = All.Append(runId);

    /// <summary>The run.</summary>
    public string RunId => runId;

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

    /// <summary>The verdict on what a clean step read.</summary>
    public static string QualityName(TableKey step) => $"{Quality}/{step}.json";

    /// <summary>Where the verdicts of clean steps lie.</summary>
    public const string Quality = "quality";

    /// <summary>Where rows lie that parts of a step hand to each other.</summary>
    public LakePath Rows(TableKey step) => root.Append($"{step}/rows");

    /// <summary>Where the keys lie that a backfill judges anew.</summary>
    public LakePath Keys(TableKey step) => root.Append($"{step}/keys");

    /// <summary>Where the rows lie that may have lost, and have lost, the values of their unique columns.</summary>
    public LakePath Unique(TableKey step) => root.Append($"{step}/unique");

    /// <summary>Where the names of rejected rows lie that parts of a backfill judge anew.</summary>
    public LakePath Judged(TableKey step) => root.Append($"{step}/judged");

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

    /// <summary>Reads all documents of a folder below, by name.</summary>
    public async Task<IReadOnlyList<T>> ReadAllAsync<T>(string folder, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var file in lake.ListAsync(root.Append(folder), cancellationToken))
        {
            names.Add($"{folder}/{file.Path.Name}");
        }

        var documents = new List<T>();
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            documents.Add(await ReadAsync<T>(name, cancellationToken));
        }

        return documents;
    }

    /// <summary>Deletes the folders that earlier runs of the pipeline left: those that were stopped, or could not end.</summary>
    public async Task DeleteEarlierAsync(CancellationToken cancellationToken)
    {
        _ = RunStore.TryParse(runId, out var pipeline, out var number);
        var earlier = new List<string>();
        await foreach (var other in lake.ListDirectoriesAsync(All, cancellationToken))
        {
            if (RunStore.TryParse(other, out var its, out var before) && its == pipeline && before < number)
            {
                earlier.Add(other);
            }
        }

        foreach (var other in earlier)
        {
            await new RunFolder(lake, other).DeleteAsync(cancellationToken);
        }
    }

    /// <summary>Deletes the folder.</summary>
    public Task DeleteAsync(CancellationToken cancellationToken) => lake.DeleteDirectoryAsync(root, cancellationToken);
}
