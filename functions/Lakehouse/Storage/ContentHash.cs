using System.Security.Cryptography;

namespace Pipeline.Lakehouse.Storage;

/// <summary>MD5 of a file's content, as Azure Storage keeps it (Content-MD5). It recognises content; it protects nothing.</summary>
internal static class ContentHash
{
    /// <summary>Metadata by which an uploader tells the hash where the storage has none.</summary>
    public const string MetadataName = "md5";

    public static byte[] Of(ReadOnlySpan<byte> content) => MD5.HashData(content);

    public static async Task<byte[]> OfFileAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return await MD5.HashDataAsync(stream, cancellationToken);
    }

    public static string? Text(byte[]? hash, IDictionary<string, string>? metadata) =>
        hash is { Length: > 0 } ? Convert.ToHexStringLower(hash)
        : metadata is not null && metadata.TryGetValue(MetadataName, out var text) ? text.ToLowerInvariant()
        : null;
}
