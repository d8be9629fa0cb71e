using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Sources.File;

/// <summary>A file of the container <c>landing</c> that a run takes.</summary>
public sealed record LandedFile
{
    /// <summary>The container in which files arrive.</summary>
    public const string Container = "landing";

    /// <summary>Its path in the container.</summary>
    public required string Path { get; init; }

    /// <summary>Its ETag as the plan found it; it is read on this condition only.</summary>
    public required string ETag { get; init; }

    /// <summary>Its length, in bytes.</summary>
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

    /// <summary>Where it lies.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public LakePath LakePath => new(Container, Path);
}
