namespace Pipeline.Lakehouse.Storage;

/// <summary>Which storage account is the lake. Either <see cref="ConnectionString"/> or <see cref="BlobEndpoint"/> is set.</summary>
public sealed record LakeOptions
{
    /// <summary>Names an emulator, or an account by its key.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>The account's blob endpoint, such as <c>https://name.blob.core.windows.net</c>; the app's identity opens it.</summary>
    public Uri? BlobEndpoint { get; init; }

    /// <summary>True for an account with a hierarchical namespace (ADLS Gen2): directories and renames are the storage's own, and <see cref="Readers"/> counts.</summary>
    public bool Hierarchical { get; init; }

    /// <summary>Entra object ids of the groups that may read a container, by container; everything else is the app's alone.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Readers { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}
