using System.Globalization;
using System.Text.RegularExpressions;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

internal sealed partial class DeltaLog
{
    /// <summary>Files of versions before the newest whole checkpoint that is no newer than the version of a time, in the order to delete them in; and the
    /// version of that checkpoint, null where there is none.</summary>
    public async Task<(long? Oldest, IReadOnlyList<LakeFile> Files)> FindExpiredAsync(DateTimeOffset cutOff, CancellationToken cancellationToken)
    {
        var listing = await ListAllAsync(cancellationToken);
        var version = Times(listing).LastOrDefault(entry => entry.CommittedUtc <= cutOff, (Version: -1, CommittedUtc: default)).Version;
        if (listing.Checkpoints.Keys.LastOrDefault(checkpoint => checkpoint <= version, -1) is var oldest && oldest < 0)
        {
            return (null, []);
        }

        var expired = new List<(long Version, bool IsEntry, LakeFile File)>();
        await foreach (var file in lake.ListPrefixAsync(root.Container, $"{Folder.Path}/", cancellationToken))
        {
            if (file.Path.Path.LastIndexOf('/') == Folder.Path.Length && ExpiringName().Match(file.Path.Name) is { Success: true } name
                && long.Parse(name.Groups["version"].ValueSpan, CultureInfo.InvariantCulture) is var first
                && (first < oldest || (first == oldest && name.Groups["compacted"].Success)))
            {
                expired.Add((first, name.Groups["entry"].Success, file));
            }
        }

        // Versions can be read from the first log entry or from a checkpoint on. The checkpoint goes before the entries that build on it, so that what can be
        // read begins at the next one at once.
        return (oldest, [.. expired.OrderBy(file => file.Version).ThenBy(file => file.IsEntry).Select(file => file.File)]);
    }

    // A checksum, a compacted run of entries and an entry; staged entries and checkpoints named by UUID belong to features not known here.
    [GeneratedRegex(@"^(?<version>\d{20})\.(?:(?<entry>json)|crc|(?<compacted>\d{20}\.compacted\.json)|checkpoint(?:\.\d{10}\.\d{10})?\.parquet)$", RegexOptions.ExplicitCapture)]
    private static partial Regex ExpiringName();
}
