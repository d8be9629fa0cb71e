using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.LakeTesting;

/// <summary>A table whose log breaks the specification.</summary>
public sealed class SpecViolationException(string message) : Exception(message);

/// <summary>A second reading of <c>_delta_log</c>, written from the specification (delta-io/delta PROTOCOL.md: "Delta Log Entries", "Checkpoints", "Action
/// Reconciliation", "Per-file Statistics") and sharing no code with the lakehouse. It reads a local copy of a table; DuckDB is its Parquet reader and
/// nothing else. What the specification forbids is an error, not tolerated.</summary>
/// <param name="session">Reads Parquet.</param>
/// <param name="folder">The copy of the table's directory.</param>
public sealed partial class SpecReader(DuckDbSession session, string folder)
{
    private const int CheckpointParts = 10;

    /// <summary>The table at a version, by default the newest.</summary>
    /// <param name="version">The version.</param>
    /// <param name="useCheckpoints">False: every entry is replayed, from version 0 on or, where a clean-up took the first ones, from the oldest checkpoint on.</param>
    public SpecTable Read(long? version = null, bool useCheckpoints = true)
    {
        var (commits, checkpoints) = List();
        var target = version ?? Math.Max(commits.Keys.LastOrDefault(-1), checkpoints.Keys.LastOrDefault(-1));
        var state = new SpecState();
        var usable = checkpoints.Keys.Where(found => found <= target && (useCheckpoints || !commits.ContainsKey(0)));
        var from = useCheckpoints ? usable.LastOrDefault(-1) : usable.FirstOrDefault(-1);
        if (from >= 0)
        {
            checkpoints[from].ForEach(file => ReadCheckpoint(file, state));
        }

        for (var next = from + 1; next <= target; next++)
        {
            ReadCommit(next, commits.TryGetValue(next, out var file) ? file : throw new SpecViolationException($"There is no log entry {next}; the newest is {target}."), state);
        }

        return state.ToTable(folder, target);
    }

    /// <summary>All versions that have a log entry.</summary>
    public IReadOnlyList<long> Versions() => [.. List().Commits.Keys];

    /// <summary>Versions that have a whole checkpoint.</summary>
    public IReadOnlyList<long> Checkpoints() => [.. List().Checkpoints.Keys];

    private (SortedDictionary<long, string> Commits, SortedDictionary<long, List<string>> Checkpoints) List()
    {
        var commits = new SortedDictionary<long, string>();
        var parts = new List<(long Version, int Of, string File)>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, "_delta_log")))
        {
            if (CommitName().Match(Path.GetFileName(file)) is { Success: true } commit)
            {
                commits.Add(Number(commit), file);
            }
            else if (CheckpointName().Match(Path.GetFileName(file)) is { Success: true } checkpoint)
            {
                parts.Add((Number(checkpoint), checkpoint.Groups["of"] is { Success: true } of ? int.Parse(of.ValueSpan, CultureInfo.InvariantCulture) : 1, file));
            }
        }

        // "Readers must ignore multi-part checkpoints with missing parts."
        var whole = parts.GroupBy(part => (part.Version, part.Of)).Where(group => group.Count() == group.Key.Of);
        return (commits, new SortedDictionary<long, List<string>>(whole.ToDictionary(group => group.Key.Version, group => group.Select(part => part.File).ToList())));
    }

    private static long Number(Match name) => long.Parse(name.Groups["version"].ValueSpan, CultureInfo.InvariantCulture);

    private static void ReadCommit(long version, string file, SpecState state)
    {
        var seen = new HashSet<string>();
        foreach (var line in File.ReadLines(file).Where(line => line.Length > 0))
        {
            using var json = JsonDocument.Parse(line);
            var action = json.RootElement.EnumerateObject().Single();
            var key = action.Name switch
            {
                "add" or "remove" => $"{action.Name} {action.Value.GetProperty("path")}",
                "txn" => $"txn {action.Value.GetProperty("appId")}",
                "domainMetadata" => $"domainMetadata {action.Value.GetProperty("domain")}",
                "commitInfo" or "protocol" or "metaData" => action.Name,
                var other => throw new SpecViolationException($"Version {version} has the action '{other}', which a log entry must not have or this reader does not know."),
            };
            if (!seen.Add(key))
            {
                throw new SpecViolationException($"Version {version} has '{key}' twice.");
            }

            state.Apply(action.Name, action.Value);
        }

        if (version == 0 && !(seen.Contains("protocol") && seen.Contains("metaData")))
        {
            throw new SpecViolationException("Version 0 has not both protocol and metaData.");
        }
    }

    // Row by row; exactly one column of a row is not null.
    private void ReadCheckpoint(string file, SpecState state)
    {
        using var rows = session.Query($"SELECT * FROM read_parquet({SpecTable.Text(file)}, hive_partitioning = false)");
        var names = rows.Columns.Select(column => column.Name).ToList();
        if (names.Count > CheckpointParts || names.Contains("commitInfo") || names.Contains("cdc"))
        {
            throw new SpecViolationException($"The checkpoint {Path.GetFileName(file)} has the columns {string.Join(", ", names)}.");
        }

        foreach (var row in rows.Rows())
        {
            var index = row.Select((value, column) => (value, column)).Single(pair => pair.value is not null).column;
            using var json = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(row[index]));
            state.Apply(names[index], json.RootElement);
        }
    }

    [GeneratedRegex(@"^(?<version>\d{20})\.json$")]
    private static partial Regex CommitName();

    [GeneratedRegex(@"^(?<version>\d{20})\.checkpoint(\.\d{10}\.(?<of>\d{10}))?\.parquet$", RegexOptions.ExplicitCapture)]
    private static partial Regex CheckpointName();
}
