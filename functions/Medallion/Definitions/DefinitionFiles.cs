using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pipeline.Medallion.Definitions;

/// <summary>The files of a pipeline's folder as they were at one moment; immutable, known by their hash.</summary>
public sealed record DefinitionFiles
{
    /// <summary>The file every pipeline has.</summary>
    public const string PipelineFile = "pipeline.yaml";

    /// <summary>The folder's name.</summary>
    public required string Name { get; init; }

    /// <summary>Content by path, such as <c>models/gold/revenue.sql</c>, in ordinal order.</summary>
    public required SortedDictionary<string, string> Files { get; init; }

    /// <summary>SHA-256 of names and contents, as lower-case hex.</summary>
    [JsonIgnore]
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(ToBytes()));

    /// <summary>The same bytes for the same files.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this with { Files = new SortedDictionary<string, string>(Files, StringComparer.Ordinal) }, Json.Options);

    /// <summary>What <see cref="ToBytes"/> wrote.</summary>
    public static DefinitionFiles FromBytes(ReadOnlySpan<byte> bytes) =>
        JsonSerializer.Deserialize<DefinitionFiles>(bytes, Json.Options) ?? throw new FormatException("The stored definition is empty.");

    /// <summary>Whether a path of a folder belongs to a definition: also SQL in a wrong place, which is refused rather than overlooked.</summary>
    public static bool IsPart(string path) => path == PipelineFile || path.EndsWith(".sql", StringComparison.OrdinalIgnoreCase) || IsSchema(path);

    /// <summary>Whether a path is that of a JSON Schema which a source may name.</summary>
    public static bool IsSchema(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.StartsWith("schemas/", StringComparison.Ordinal) && path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Reads a folder on disk.</summary>
    public static async Task<DefinitionFiles> ReadFolderAsync(string folder, CancellationToken cancellationToken)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (IsPart(path))
            {
                files[path] = await File.ReadAllTextAsync(file, Encoding.UTF8, cancellationToken);
            }
        }

        return new DefinitionFiles { Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), Files = files };
    }
}
