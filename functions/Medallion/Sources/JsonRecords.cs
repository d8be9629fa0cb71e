using System.Globalization;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Sources.File;

namespace Pipeline.Medallion.Sources;

/// <summary>Reads texts that should each be one JSON object, as rows of text columns: one per key.</summary>
internal static class JsonRecords
{
    /// <summary>SQL that tells why a text is no record; null where it is one.</summary>
    /// <param name="text">The text, as SQL.</param>
    public static string Problem(string text) =>
        $"case when not json_valid({text}) then 'not a JSON object' when json_type({text}) <> 'OBJECT' then 'not a JSON object' "
        + $"when contains({text}, '\\u0000') and contains(array_to_string(json_keys({text}), ''), chr(0)) then 'a key holds a NUL character' end";

    /// <summary>The keys of records, in the order of their first place.</summary>
    /// <param name="session">Reads them.</param>
    /// <param name="records">A relation with the records as <c>line</c> and their order as <c>_row</c>.</param>
    /// <param name="cancellationToken">Interrupts the reading.</param>
    public static IReadOnlyList<string> Keys(DuckDbSession session, string records, CancellationToken cancellationToken) =>
    [
        .. session.Query(
            $"""
            select k from (select _row, unnest(json_keys(line)) as k, generate_subscripts(json_keys(line), 1) as place from {records})
            group by k order by min(_row), min(place), k
            """,
            cancellationToken).Rows().Select(r => (string)(r[0] ?? "")),
    ];

    /// <summary>A SELECT of the records' values as text, under names that a table can hold.</summary>
    /// <param name="keys">The keys, in the order that names depend on.</param>
    /// <param name="records">A relation with the records as <c>line</c>.</param>
    /// <param name="others">Columns of it that stay as they are.</param>
    public static (string Sql, IReadOnlyList<DuckDbColumn> Columns) Select(IReadOnlyList<string> keys, string records, string others)
    {
        var names = ColumnNames.ForTable(keys);
        var pointers = Sql.List(keys.Select(k => "/" + k.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));
        var columns = names.Select((name, i) => string.Create(CultureInfo.InvariantCulture, $"x[{i + 1}] as {Sql.Identifier(name)}"));
        return (
            $"select {string.Join(", ", columns)}, {others} from (select {others}, json_extract_string(line, {pointers}) as x from {records})",
            [.. names.Select(n => new DuckDbColumn(n, "VARCHAR"))]);
    }
}
