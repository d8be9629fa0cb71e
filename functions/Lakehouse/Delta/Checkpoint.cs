using System.Text.Json;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Classic checkpoints (V1 spec): the reconciled actions as Parquet. DuckDB does the reading and writing; actions pass as the same JSON
/// lines as in the log.</summary>
internal sealed class Checkpoint(ILake lake, LakePath root, string scratch)
{
    private const long MemoryLimitBytes = 256L << 20;

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
        var actions = string.Join(", ", Columns.Where(column => present.Contains(column.Action)).Select(column => $"{Sql.Literal(column.Action)}, {Sql.Identifier(column.Action)}"));
        using var lines = session.Query($"SELECT CAST(json_object({actions}) AS VARCHAR) FROM {source}", cancellationToken);
        var read = new List<LogAction>();
        while (lines.Read())
        {
            read.Add(LogEntry.Read(lines.Get<string>(0) ?? "{}", parts[0]));
        }

        return read;
    }

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

    private DuckDbSession Open() => DuckDbSession.Open(new DuckDbOptions { TempDirectory = scratch, MemoryLimitBytes = MemoryLimitBytes, Threads = 1 });
}
