using Pipeline.Lakehouse.Delta;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>Takes back what commits did to rejected whose part in silver never came: their process ended in between.</summary>
/// <param name="Then">Rejected as it was with the rows that silver has.</param>
/// <param name="Remove">Files that came since.</param>
/// <param name="Again">Files that went since.</param>
internal sealed record RejectedUndo(DeltaSnapshot Then, IReadOnlyList<string> Remove, IReadOnlyList<AddFile> Again)
{
    // Files that went longer ago were replaced for good, and a vacuum may have been there.
    private static readonly TimeSpan OldestAgain = TimeSpan.FromHours(24);

    /// <summary>Finds what is to be taken back.</summary>
    /// <returns>Null where both tables are of the same commit, or it cannot be taken back.</returns>
    public static async Task<RejectedUndo?> FindAsync(CleanTables tables, DeltaSnapshot silver, CancellationToken cancellationToken)
    {
        var transaction = StepWork.TransactionOf(tables.SilverKey);
        var wanted = silver.Transactions.GetValueOrDefault(transaction, -1);
        if (tables.Rejected is not { } now || now.Transactions.GetValueOrDefault(transaction, -1) <= wanted)
        {
            return null;
        }

        return await LastAsync(tables, wanted, transaction, now, cancellationToken) is { } then ? Between(then, now) : null;
    }

    // The newest version that has the number. It only grows from version to version: back in steps that double, then by halves between.
    private static async Task<DeltaSnapshot?> LastAsync(CleanTables tables, long wanted, string transaction, DeltaSnapshot now, CancellationToken cancellationToken)
    {
        DeltaSnapshot? found = null;
        var (above, below) = (now.Version, -1L);
        for (var step = 1L; above - below > 1;)
        {
            var version = found is null ? Math.Max(0, above - step) : (above + below) / 2;
            if (await tables.RejectedTable.ReadAsync(version, cancellationToken) is not { } then)
            {
                return null;
            }

            if (Number(then) > wanted)
            {
                (above, step) = (version, step * 2);
            }
            else
            {
                (below, found) = (version, then);
            }
        }

        return found is not null && Number(found) == wanted ? found : null;

        long Number(DeltaSnapshot snapshot) => snapshot.Transactions.GetValueOrDefault(transaction, -1);
    }

    private static RejectedUndo? Between(DeltaSnapshot then, DeltaSnapshot now)
    {
        var (before, after) = (Paths(then), Paths(now));
        var again = then.Files.Where(f => !after.Contains(f.Path)).ToList();
        var oldest = (now.CommittedUtc - OldestAgain).ToUnixTimeMilliseconds();
        return again.Exists(f => f.ModifiedUnixMilliseconds < oldest) ? null : new RejectedUndo(then, [.. after.Where(p => !before.Contains(p))], again);
    }

    private static HashSet<string> Paths(DeltaSnapshot table) => table.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
}
