using System.Globalization;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>What rows come to, in whatever order and however they are cut: their number, and two sums of the hashes of each.</summary>
/// <param name="Rows">How many there are.</param>
/// <param name="Parity">Their hashes, combined by exclusive or.</param>
/// <param name="Total">Their hashes added up, modulo 2^64.</param>
internal sealed record RowSum(long Rows, ulong Parity, ulong Total)
{
    /// <summary>No row.</summary>
    public static RowSum None { get; } = new(0, 0, 0);

    /// <summary>The sum of a relation's rows.</summary>
    public static RowSum Of(DuckDbSession session, string select, CancellationToken cancellationToken)
    {
        using var found = session.Query(
            $"select count(*), coalesce(bit_xor(h), 0)::ubigint, coalesce(sum(h) % 18446744073709551616, 0)::ubigint from (select hash(r) as h from ({select}) r)", cancellationToken);
        return found.Rows().Select(r => new RowSum((long)(r[0] ?? 0L), (ulong)(r[1] ?? 0UL), (ulong)(r[2] ?? 0UL))).Single();
    }

    /// <summary>The sum of both.</summary>
    public static RowSum operator +(RowSum one, RowSum other) => new(one.Rows + other.Rows, one.Parity ^ other.Parity, unchecked(one.Total + other.Total));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rows}-{Parity:x16}-{Total:x16}");
}
