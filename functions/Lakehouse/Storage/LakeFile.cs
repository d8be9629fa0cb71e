namespace Pipeline.Lakehouse.Storage;

/// <summary>A file on the lake as a listing shows it.</summary>
public sealed record LakeFile
{
    /// <summary>Where it is.</summary>
    public required LakePath Path { get; init; }

    /// <summary>Its length, in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Changes with every write of the file.</summary>
    public required string ETag { get; init; }

    /// <summary>When it was last written, by the storage's clock.</summary>
    public required DateTimeOffset ModifiedUtc { get; init; }

    /// <summary>MD5 of the content as lower-case hex: the file's Content-MD5, or the metadata <c>md5</c> that an uploader set; null where neither is there.</summary>
    public string? ContentHash { get; init; }
}
