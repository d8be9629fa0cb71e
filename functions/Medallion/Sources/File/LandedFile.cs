using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Sources.File;

/// <summary>A file that a run takes: of the container <c>landing</c>, of another storage account, or of a web server.</summary>
public sealed record LandedFile
{
    /// <summary>The container in which files arrive.</summary>
    public const string Container = "landing";

    /// <summary>Its path in the container; of a file from elsewhere its URL, without a query.</summary>
    public required string Path { get; init; }

    /// <summary>What tells its content from another as the plan found it: in the container its ETag, on which condition alone it is read.</summary>
    public required string ETag { get; init; }

    /// <summary>Its length, in bytes; 0 where a web server does not say.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>MD5 of its content; null where the storage does not know it and the file has not been read yet, or was cut into ranges, so that nobody reads all of it:
    /// such a file is known by its ETag only, and taken anew when the same bytes are uploaded again.</summary>
    public string? Hash { get; init; }

    /// <summary>The hash of the content that was taken from this path before; null: the path is new.</summary>
    public string? TakenHash { get; init; }

    /// <summary>Rows that were read from it, malformed ones among them.</summary>
    public long Rows { get; init; }

    /// <summary>The part of it that is meant; null: all.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public FileRange? Range { get; init; }

    /// <summary>Where it lies in the container.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public LakePath LakePath => new(Container, Path);
}
