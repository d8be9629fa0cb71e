using System.Globalization;
using System.Text;
using System.Text.Json;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Sources.File;

/// <summary>Takes the rows of landing files that have new content out of a bronze table: the data files that hold some are written anew without them, one by one.</summary>
internal sealed class ChangedFiles(TableReader reader, DataFileWriter writer)
{
    private const string Schema = "rewrite";

    /// <summary>Rewrites; what is written becomes visible with the step's commit.</summary>
    /// <param name="session">The session that has the view <c>ledger</c>.</param>
    /// <param name="snapshot">The table.</param>
    /// <param name="root">Its directory.</param>
    /// <param name="changed">The paths with new content.</param>
    /// <param name="invocation">This attempt; names the data files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The data files, and the lines of the ledger that change with them.</returns>
    public async Task<(Rewrite Rewrite, IReadOnlyList<LedgerEntry> Moved)> RewriteAsync(
        DuckDbSession session, DeltaSnapshot snapshot, LakePath root, IReadOnlyList<string> changed, string invocation, CancellationToken cancellationToken)
    {
        var named = session.Query($"select distinct unnest(data_files) from ledger where list_contains({Sql.List(changed)}, path)", cancellationToken)
            .Rows().Select(r => (string)(r[0] ?? "")).ToHashSet(StringComparer.Ordinal);

        // Where somebody packed the table since, the ledger names files that are gone: only the rows themselves still tell which file they came from.
        var isKnown = named.IsSubsetOf(snapshot.Files.Select(f => f.Path));
        var kept = new Dictionary<string, IReadOnlyList<AddFile>>(StringComparer.Ordinal);
        foreach (var file in snapshot.Files.Where(f => isKnown ? named.Contains(f.Path) : MayHold(f, changed)))
        {
            using var lease = await reader.CreateViewAsync(session, Schema, "stale", snapshot with { Files = [file] }, root, cancellationToken);
            if (isKnown || session.Scalar<bool>($"select exists (from {Schema}.stale where list_contains({Sql.List(changed)}, _file))", cancellationToken))
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{invocation}-kept{kept.Count}");
                kept[file.Path] = await writer.WriteAsync(session, $"select * from {Schema}.stale where not list_contains({Sql.List(changed)}, _file)", root, [], name, cancellationToken);
            }
        }

        return (new Rewrite([.. kept.Values.SelectMany(k => k)], [.. kept.Keys]), Entries(session, changed, kept, cancellationToken));
    }

    /// <summary>Whether a data file can hold rows of one of the paths, by the least and the greatest value of its column <c>_file</c>.</summary>
    internal static bool MayHold(AddFile file, IReadOnlyList<string> paths)
    {
        if (file.Statistics is null)
        {
            return true;
        }

        using var statistics = JsonDocument.Parse(file.Statistics.Json);
        var (least, greatest) = (Bound("minValues"), Bound("maxValues"));
        return paths.Any(path => (least is null || Compare(least, path) <= 0) && (greatest is null || Compare(path, greatest) <= 0));

        string? Bound(string kind) => statistics.RootElement.TryGetProperty(kind, out var values) && values.TryGetProperty("_file", out var value) ? value.GetString() : null;
    }

    // Tables order text by its bytes in UTF-8, which is not the order of UTF-16.
    private static int Compare(string a, string b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));

    // Other landing files whose rows moved with the rewriting.
    private static List<LedgerEntry> Entries(DuckDbSession session, IReadOnlyList<string> changed, Dictionary<string, IReadOnlyList<AddFile>> kept, CancellationToken cancellationToken) =>
    [
        .. session.Query(
            $"select path, hash, etag, size, rows, data_files from ledger where not list_contains({Sql.List(changed)}, path) and list_has_any(data_files, {Sql.List(kept.Keys)})", cancellationToken).Rows()
            .Select(r => new LedgerEntry
            {
                Path = (string)(r[0] ?? ""),
                Hash = (string)(r[1] ?? ""),
                Etag = (string)(r[2] ?? ""),
                Size = (long)(r[3] ?? 0L),
                Rows = (long)(r[4] ?? 0L),
                DataFiles =
                [
                    .. ((IEnumerable<object?>)(r[5] ?? Array.Empty<object?>())).Cast<string>()
                        .SelectMany(f => kept.TryGetValue(f, out var files) ? files.Select(k => k.Path) : [f]),
                ],
            }),
    ];
}
