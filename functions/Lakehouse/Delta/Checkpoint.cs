using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Classic checkpoints (V1 spec): the reconciled actions as Parquet. DuckDB does the reading and writing; actions pass as the same JSON
/// lines as in the log.</summary>
internal sealed class Checkpoint(ILake lake, LakePath root, string scratch)
{
    private const long MemoryLimitBytes = 256L << 20;

    // Of the process: whoever reads a table reads one.
    private static readonly DuckDbPool Databases = new(Path.GetTempPath());

    private const string File = "add";
    private static readonly Dictionary<string, string?> NoValues = [];

    // DuckDB reads JSON in buffers of twice the longest object allowed.
    private const long SmallestBuffer = 1L << 20;

    // The specification's "Checkpoint Schema", without the optional parsed columns.
    private static readonly (string Action, string Type)[] Columns =
    [
        ("protocol", "STRUCT(\"minReaderVersion\" INTEGER, \"minWriterVersion\" INTEGER, \"readerFeatures\" VARCHAR[], \"writerFeatures\" VARCHAR[])"),
        ("metaData", "STRUCT(id VARCHAR, name VARCHAR, description VARCHAR, format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), \"schemaString\" VARCHAR, "
            + "\"partitionColumns\" VARCHAR[], configuration MAP(VARCHAR, VARCHAR), \"createdTime\" BIGINT)"),
        ("txn", "STRUCT(\"appId\" VARCHAR, version BIGINT, \"lastUpdated\" BIGINT)"),
        ("domainMetadata", "STRUCT(domain VARCHAR, configuration VARCHAR, removed BOOLEAN)"),
        ("remove", "STRUCT(path VARCHAR, \"deletionTimestamp\" BIGINT, \"dataChange\" BOOLEAN, \"extendedFileMetadata\" BOOLEAN, \"partitionValues\" MAP(VARCHAR, VARCHAR), size BIGINT)"),
        ("add", "STRUCT(path VARCHAR, \"partitionValues\" MAP(VARCHAR, VARCHAR), size BIGINT, \"modificationTime\" BIGINT, \"dataChange\" BOOLEAN, stats VARCHAR, tags MAP(VARCHAR, VARCHAR))"),
    ];

    public async Task<IReadOnlyList<LogAction>> ReadAsync(IReadOnlyList<LakePath> parts, CancellationToken cancellationToken)
    {
        using var session = Open();
        var files = parts.Select(part => Path.Combine(session.TempDirectory, part.Name)).ToArray();
        for (var index = 0; index < files.Length; index++)
        {
            await lake.DownloadAsync(parts[index], files[index], ifMatch: null, cancellationToken);
        }

        var source = $"read_parquet({Sql.List(files)}, union_by_name = true)";
        var present = session.Describe($"SELECT * FROM {source}").Select(column => column.Name).ToHashSet();
        var read = new List<LogAction>();
        var others = Columns.Where(column => column.Action != File && present.Contains(column.Action)).Select(column => $"{Sql.Literal(column.Action)}, {Sql.Identifier(column.Action)}");
        using (var lines = session.Query($"SELECT CAST(json_object({string.Join(", ", others)}) AS VARCHAR) FROM {source}{(present.Contains(File) ? $" WHERE \"{File}\" IS NULL" : "")}", cancellationToken))
        {
            while (lines.Read())
            {
                read.Add(LogEntry.Read(lines.Get<string>(0) ?? "{}", parts[0]));
            }
        }

        if (present.Contains(File))
        {
            ReadFiles(session, source, read, parts[0], cancellationToken);
        }

        return read;
    }

    // Nearly all rows of a checkpoint are files: they are read by column, which is several times as fast as by JSON.
    private static void ReadFiles(DuckDbSession session, string source, List<LogAction> read, LakePath file, CancellationToken cancellationToken)
    {
        var present = session.Describe($"SELECT unnest(\"{File}\") FROM {source}").Select(column => column.Name).ToHashSet();
        string Field(string name, string type) => present.Contains(name) ? $"CAST(\"{File}\".{Sql.Identifier(name)} AS {type})" : $"CAST(NULL AS {type})";
        const string Map = "MAP(VARCHAR, VARCHAR)";
        TerminalException Damaged(string what) => new($"A file in {file} has no {what}. The log is damaged: restore the file from a copy or a former version of it.");
        using var files = session.Query(
            $"SELECT \"{File}\".path, {Field("size", "BIGINT")}, {Field("modificationTime", "BIGINT")}, {Field("dataChange", "BOOLEAN")}, {Field("stats", "VARCHAR")}, "
                + $"{Field("partitionValues", Map)}, {Field("tags", Map)} FROM {source} WHERE \"{File}\" IS NOT NULL",
            cancellationToken);
        while (files.Read())
        {
            read.Add(new LogAction
            {
                Add = new AddAction
                {
                    Path = files.Get<string>(0) ?? throw Damaged("path"),
                    Size = files.Get<long?>(1) ?? throw Damaged("size"),
                    ModificationTime = files.Get<long>(2),
                    DataChange = files.Get<bool>(3),
                    Stats = files.Get<string>(4),
                    PartitionValues = Texts(files[5]) ?? NoValues,
                    Tags = Texts(files[6]),
                },
            });
        }
    }

    private static Dictionary<string, string?>? Texts(object? map) =>
        map is Dictionary<string, object?> { Count: > 0 } values ? values.ToDictionary(entry => entry.Key, entry => entry.Value as string) : null;

    public async Task WriteAsync(TableState table, LakePath pointer, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var session = Open();
        var lines = Path.Combine(session.TempDirectory, "actions.json");
        var parquet = Path.Combine(session.TempDirectory, $"{table.Version:D20}.checkpoint.parquet");
        long longest;
        await using (var stream = new FileStream(lines, FileMode.CreateNew))
        {
            longest = LogEntry.Write(table.Reconciled(now), stream);
        }

        var columns = string.Join(", ", Columns.Select(column => $"{Sql.Literal(column.Action)}: {Sql.Literal(column.Type)}"));
        var count = session.Execute(
            $"COPY (SELECT * FROM read_json({Sql.Literal(lines)}, format = 'newline_delimited', columns = {{{columns}}}, maximum_object_size = "
                + $"{Math.Max(longest, SmallestBuffer)})) "
                + $"TO {Sql.Literal(parquet)} (FORMAT parquet, COMPRESSION zstd)",
            cancellationToken);

        // The pointer follows the file it points at.
        var file = await lake.UploadAsync(parquet, root.Append($"_delta_log/{Path.GetFileName(parquet)}"), overwrite: true, cancellationToken);
        var content = new LastCheckpoint { Version = table.Version, Size = count, SizeInBytes = file.SizeBytes, NumOfAddFiles = table.Files.Count };
        await lake.WriteAsync(pointer, JsonSerializer.SerializeToUtf8Bytes(content, JsonSerializerOptions.Web), cancellationToken);
    }

    private DuckDbSession Open() => Databases.Open(new DuckDbOptions { TempDirectory = scratch, MemoryLimitBytes = MemoryLimitBytes, Threads = 1 });
}
