using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Silver;

/// <summary>Takes rows out of rejected that a backfill judges anew.</summary>
/// <param name="Removed">The files that hold one.</param>
/// <param name="Kept">New files with the other rows of those.</param>
internal sealed record RejectedRewrite(IReadOnlyList<AddFile> Removed, IReadOnlyList<AddFile> Kept)
{
    /// <summary>Rewrites the files that hold such a row.</summary>
    /// <param name="session">The session.</param>
    /// <param name="reader">Reads rejected.</param>
    /// <param name="writer">Writes to it.</param>
    /// <param name="rejected">Rejected as it is; null: there is none.</param>
    /// <param name="root">Its directory.</param>
    /// <param name="judged">A SELECT of the columns file and row.</param>
    /// <param name="invocation">Names the new files.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task<RejectedRewrite> WriteAsync(
        DuckDbSession session, TableReader reader, DataFileWriter writer, DeltaSnapshot? rejected, LakePath root, string judged, string invocation, CancellationToken cancellationToken)
    {
        const string Row = "file, row";
        if (rejected is null || await BackfillScope.TouchedAsync(session, reader, rejected, root, $"({judged})", Row, cancellationToken) is not { Count: > 0 } touched)
        {
            return new RejectedRewrite([], []);
        }

        using var lease = await reader.CreateViewAsync(session, "present", "rejected", rejected with { Files = touched }, root, cancellationToken);
        var columns = string.Join(", ", session.Describe(CleanSql.EmptyRejected).Select(c => Sql.Identifier(c.Name)));
        return new RejectedRewrite(touched, await writer.WriteAsync(session, $"select {columns} from present.rejected anti join ({judged}) using ({Row})", root, [], invocation, cancellationToken));
    }
}
