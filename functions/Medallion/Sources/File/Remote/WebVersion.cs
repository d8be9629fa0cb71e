using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Pipeline.Medallion.Sources.File.Remote;

/// <summary>What a web server says of a file's content: what tells it from another (RFC 9110, section 8.8), its length, and its checksums.</summary>
internal sealed record WebVersion
{
    /// <summary>The names of one content, the surest first; none where the server tells nothing that changes with it.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <summary>On which condition the rest of a broken download is of the same content; null: on none.</summary>
    public RangeConditionHeaderValue? Condition { get; init; }

    /// <summary>Bytes of the whole file; null: unknown.</summary>
    public long? Length { get; init; }

    /// <summary>Checksums of the whole file.</summary>
    public IReadOnlyList<(HashAlgorithmName Algorithm, string Value)> Checksums { get; init; } = [];

    /// <summary>The MD5, as the ledger has it; null: unknown.</summary>
    public string? Md5 => Checksums.Where(c => c.Algorithm == HashAlgorithmName.MD5).Select(c => c.Value).FirstOrDefault();

    /// <summary>Reads the headers of an answer.</summary>
    public static WebVersion Of(HttpResponseMessage answer)
    {
        var headers = answer.Content.Headers;
        var isPart = headers.ContentRange is not null;
        var length = isPart ? headers.ContentRange?.Length : LengthOf(headers);
        var names = new List<string>();
        if (answer.Headers.ETag is { IsWeak: false } etag)
        {
            names.Add(etag.Tag);
        }

        if (headers.LastModified is { } modified && length is not null)
        {
            names.Add(string.Create(CultureInfo.InvariantCulture, $"{modified:R} {length}"));
        }

        return new WebVersion { Names = names, Condition = ConditionOf(answer), Length = length, Checksums = [.. ChecksumsOf(answer, isPart)] };
    }

    // As it was sent: an answer without a body would be taken for one of 0 bytes.
    private static long? LengthOf(HttpContentHeaders headers) =>
        headers.NonValidated.TryGetValues("Content-Length", out var values) && long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null;

    // A time tells contents apart only where the last change was a second or more ago (RFC 9110, section 8.8.2.2).
    private static RangeConditionHeaderValue? ConditionOf(HttpResponseMessage answer) =>
        answer.Headers.ETag is { IsWeak: false } etag ? new RangeConditionHeaderValue(etag)
        : answer.Content.Headers.LastModified is { } modified && answer.Headers.Date is { } date && date - modified >= TimeSpan.FromSeconds(1) ? new RangeConditionHeaderValue(modified)
        : null;

    // Content-MD5 of a part is that of the part; the others are of the whole (RFC 9530, section 3).
    private static IEnumerable<(HashAlgorithmName Algorithm, string Value)> ChecksumsOf(HttpResponseMessage answer, bool isPart)
    {
        var md5 = Header(answer, "x-ms-blob-content-md5") ?? (isPart ? null : Header(answer, "Content-MD5"));
        if (Hex(md5, MD5.HashSizeInBytes) is { } blob)
        {
            yield return (HashAlgorithmName.MD5, blob);
        }

        foreach (var member in (Header(answer, "Repr-Digest") ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            var (name, value) = member.IndexOf('=', StringComparison.Ordinal) is > 0 and var sign ? (member[..sign].ToLowerInvariant(), member[(sign + 1)..].Trim(':')) : ("", "");
            if (name == "sha-256" && Hex(value, SHA256.HashSizeInBytes) is { } sha256)
            {
                yield return (HashAlgorithmName.SHA256, sha256);
            }
            else if (name == "sha-512" && Hex(value, SHA512.HashSizeInBytes) is { } sha512)
            {
                yield return (HashAlgorithmName.SHA512, sha512);
            }
        }
    }

    private static string? Hex(string? text, int size)
    {
        var bytes = new byte[size];
        return text is not null && Convert.TryFromBase64String(text, bytes, out var count) && count == size ? Convert.ToHexStringLower(bytes) : null;
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) || answer.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;
}
