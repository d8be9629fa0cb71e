using Pipeline.Lakehouse;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Tells a file's format and compression by its name.</summary>
internal static class FileFormats
{
    /// <summary>The format that a name stands for.</summary>
    /// <exception cref="TerminalException">The name's ending is none of those known.</exception>
    public static FileFormat Of(string path) => Find(path) ?? throw new TerminalException(
        $"The format of landing file '{path}' is not known: its name ends in '{Ending(path)}', expected .csv, .tsv, .json, .ndjson, .jsonl or .parquet (with .gz or .zst). Declare 'format:' of the source or narrow its 'path:'.");

    /// <summary>The format that a name stands for; null where its ending is none of those known.</summary>
    public static FileFormat? Find(string path) => Ending(path) switch
    {
        ".csv" or ".tsv" or ".txt" => FileFormat.Csv,
        ".json" => FileFormat.Json,
        ".ndjson" or ".jsonl" => FileFormat.Ndjson,
        ".parquet" => FileFormat.Parquet,
        _ => null,
    };

    /// <summary>The compression that DuckDB is told.</summary>
    public static string Compression(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".gz" => "gzip",
        ".zst" => "zstd",
        _ => "none",
    };

    private static string Ending(string path)
    {
        var name = path.ToLowerInvariant();
        return Path.GetExtension(name.EndsWith(".gz", StringComparison.Ordinal) ? name[..^3] : name.EndsWith(".zst", StringComparison.Ordinal) ? name[..^4] : name);
    }
}
