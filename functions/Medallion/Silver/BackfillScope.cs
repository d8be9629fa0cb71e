using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>What a backfill judges anew, in a session: keys (the relation <c>backfill_keys</c>) and the rows of bronze that have them (<c>backfill_rows</c>). Without a key every row
/// is a key of its own.</summary>
internal sealed class BackfillScope(DuckDbSession session, SourceDefinition source, DateRange range)
{
    /// <summary>The relation with the keys; a key may be in it more than once.</summary>
    public const string Keys = "backfill_keys";

    /// <summary>A SELECT of the rows of bronze that are judged anew, named as rejected names them.</summary>
    public const string Judged = "select _file as file, _row as row from backfill_rows";

    private const string LocalFile = "__local_file";

    /// <summary>The columns of a key.</summary>
    public IReadOnlyList<string> Key { get; } = source.Key.Count > 0 ? source.Key : ["_file", "_row"];

    /// <summary>A SELECT of the keys that rows of bronze in the range have, as they are typed now.</summary>
    public string TypedKeys => $"select {Each((k, type, _) => $"cast({k} as {type}) as {k}", ", ")} from typed where {InRange} and {Each((k, type, _) => $"cast({k} as {type}) is not null", " and ")} group by all";

    // A row without a key belongs to the range that its date lies in; no silver has it.
    private string InRange => $"coalesce(cast({Sql.Identifier(source.Partition?.By ?? "")} as date) between date '{range.From:yyyy-MM-dd}' and date '{range.To:yyyy-MM-dd}', false)";

    private string KeyColumns => Each((k, _, _) => k, ", ");

    /// <summary>Whether a file lies in a partition of the range.</summary>
    public static bool IsWithin(DateRange range, IReadOnlyList<string> partitionColumns, AddFile file) =>
        DatePartitions.EndOf(partitionColumns, file.PartitionValues) is { } end && end > range.From && end <= range.To.AddDays(1);

    /// <summary>The keys without any, for their columns' types.</summary>
    public static string EmptyKeys(SourceDefinition source) =>
        $"select {string.Join(", ", source.Key.Count > 0 ? source.Key.Select(k => $"null::{CleanSql.TableType(source, k)} as {Sql.Identifier(k)}") : ["null::varchar as _file", "null::bigint as _row"])} where false";

    /// <summary>A SELECT of the keys of a relation with silver's columns.</summary>
    public string KeysOf(string silver) => $"select {KeyColumns} from {silver} where {Each((k, _, _) => $"{k} is not null", " and ")} group by all";

    /// <summary>Leaves in the session's view <c>checked</c> the rows that are judged anew: those with one of the keys, and those without a key in the range.</summary>
    /// <returns>How many they are.</returns>
    public long Judge(CheckedRows rows, CancellationToken cancellationToken)
    {
        session.Execute(
            $"""
            create temp table backfill_rows as
                select _file, _row from (select _file, _row, {Each((k, type, i) => $"cast({k} as {type}) as _k{i}", ", ")} from typed)
                semi join (select {Each((k, _, i) => $"{k} as _j{i}", ", ")} from {Keys}) on {Each((_, _, i) => $"_k{i} = _j{i}", " and ")}
                union all
                select _file, _row from typed where {InRange} and ({Each((k, type, _) => $"cast({k} as {type}) is null", " or ")})
            """,
            cancellationToken);
        rows.Sql.Narrow(session, "backfill_rows");
        return session.Scalar<long>("select count(*) from backfill_rows", cancellationToken);
    }

    /// <summary>The files of a table that hold a row of a relation with the same values; to find them reads the files.</summary>
    public static async Task<IReadOnlyList<AddFile>> TouchedAsync(
        DuckDbSession session, TableReader reader, DeltaSnapshot table, LakePath root, string relation, string columns, CancellationToken cancellationToken)
    {
        if (table.Files.Count == 0)
        {
            return [];
        }

        using var lease = await reader.CreateViewAsync(session, "present", "searched", table, root, cancellationToken, LocalFile);
        var touched = session.Query($"select distinct {LocalFile} from present.searched semi join {relation} using ({columns})", cancellationToken).Rows().Select(r => (string)(r[0] ?? "")).ToHashSet(StringComparer.Ordinal);
        return [.. table.Files.Zip(lease.LocalFiles).Where(f => touched.Contains(f.Second)).Select(f => f.First)];
    }

    /// <summary>The files of silver that hold a row of the keys, apart from those within the range.</summary>
    public Task<IReadOnlyList<AddFile>> TouchedAsync(TableReader reader, DeltaSnapshot silver, LakePath root, CancellationToken cancellationToken) =>
        TouchedAsync(session, reader, silver with { Files = [.. silver.Files.Where(f => !IsWithin(range, silver.PartitionColumns, f))] }, root, Keys, KeyColumns, cancellationToken);

    /// <summary>The rows of a relation with silver's columns that are not judged anew.</summary>
    public string Others(string silver)
    {
        var columns = string.Join(", ", session.Describe(CleanSql.EmptySilver(source)).Select(c => Sql.Identifier(c.Name)));
        return $"select {columns} from {silver} anti join {Keys} using ({KeyColumns})";
    }

    /// <summary>How many rows a SELECT gives, and how many of them take the place of one of the same key in a relation.</summary>
    public (long Written, long Updated) Count(string select, string silver, CancellationToken cancellationToken)
    {
        var found = session.Query(
            $"select count(*), count(*) filter (_there) from (select {KeyColumns} from ({select})) left join (select {KeyColumns}, true as _there from {silver} group by all) using ({KeyColumns})",
            cancellationToken).Rows().Single();
        return ((long)(found[0] ?? 0L), (long)(found[1] ?? 0L));
    }

    private string Each(Func<string, string, int, string> sql, string separator) =>
        string.Join(separator, Key.Select((k, i) => sql(Sql.Identifier(k), source.Key.Count > 0 ? CleanSql.TableType(source, k) : k == "_row" ? "bigint" : "varchar", i)));
}
