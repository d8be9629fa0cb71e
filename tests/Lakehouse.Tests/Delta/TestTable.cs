using System.Text;
using System.Text.RegularExpressions;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Tests.Delta;

/// <summary>What the tests of the log share: a table on a lake in memory, commits without real data files.</summary>
internal sealed partial class TestTable
{
    public static readonly LakePath Root = new("silver", "northwind/orders");

    /// <summary>When the clock begins, in milliseconds.</summary>
    public const long StartUnixMilliseconds = 1767323045000;

    public TestTable() => Table = new DeltaTable(Lake, Root, Clock);

    public MemoryLake Lake { get; } = new();

    public ImpatientClock Clock { get; } = new();

    public DeltaTable Table { get; }

    public static DeltaSchema Schema(params (string Name, string Type)[] columns) =>
        new() { Fields = [.. columns.Select(column => new DeltaField { Name = column.Name, Type = new PrimitiveType(column.Type) })] };

    public static AddFile File(string path, long rows = 3) => new()
    {
        Path = path,
        SizeBytes = 100 + rows,
        ModifiedUnixMilliseconds = StartUnixMilliseconds,
        Statistics = new FileStatistics { Rows = rows, Json = $"{{\"numRecords\":{rows}}}" },
    };

    public static DeltaCommit Commit(CommitMode mode, params string[] files) => new()
    {
        Operation = "WRITE",
        Mode = mode,
        Schema = Schema(("id", "long"), ("name", "string")),
        Add = [.. files.Select(path => File(path))],
    };

    public static DeltaCommit Append(params string[] files) => Commit(CommitMode.Append, files);

    public static DeltaCommit Overwrite(params string[] files) => Commit(CommitMode.Overwrite, files);

    public Task<CommitResult> CommitAsync(DeltaCommit commit) => Table.CommitAsync(commit, CancellationToken.None);

    /// <summary>The table as a process finds it that has just begun: it knows nothing but the log.</summary>
    public async Task<DeltaSnapshot> ReadAsync(long? version = null) =>
        await new DeltaTable(new OtherProcess(Lake), Root, Clock).ReadAsync(version, CancellationToken.None) ?? throw new InvalidOperationException("There is no table.");

    /// <summary>A log entry with its random ids as '#'.</summary>
    public async Task<string> EntryAsync(long version)
    {
        var content = await Lake.ReadAsync(LogFile(version), CancellationToken.None) ?? throw new InvalidOperationException($"There is no version {version}.");
        return Identity().Replace(Encoding.UTF8.GetString(content), "#");
    }

    /// <summary>Writes a log entry as another engine would.</summary>
    public Task WriteEntryAsync(long version, string content) => Lake.WriteAsync(LogFile(version), Encoding.UTF8.GetBytes(content), CancellationToken.None);

    public static LakePath LogFile(long version) => Root.Append($"_delta_log/{version:D20}.json");

    public static IEnumerable<string> Files(DeltaSnapshot snapshot) => snapshot.Files.Select(file => file.Path);

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Identity();
}
