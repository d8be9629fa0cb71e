using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Silver;

/// <summary>Rows whose value of a <c>unique</c> column an earlier row has, as tables of a session. The first row to arrive keeps a value, as long as nothing else rejects it; a row of
/// the same key has it again.</summary>
internal static class UniqueValues
{
    /// <summary>The session's table for a column.</summary>
    public static string NameOf(int column) => string.Create(CultureInfo.InvariantCulture, $"unique_{column}");

    /// <summary>Creates the table of a column without rows.</summary>
    public static string Empty(int column) => $"create temp table {NameOf(column)} (_file varchar, _row bigint)";

    /// <summary>Finds them among the rows of the session's view <c>sound</c>.</summary>
    public static void Find(DuckDbSession session, SourceDefinition source, CancellationToken cancellationToken)
    {
        foreach (var (column, index) in Of(source))
        {
            var value = Sql.Identifier(column.Name);
            Find(session, index, $"select {value} as value, {KeyOf(source)} as key, _ingested_at, _file, _row from sound where {value} is not null", cancellationToken);
        }
    }

    /// <summary>Finds them beside the rows that silver has.</summary>
    public static async Task FindAmongAsync(
        DuckDbSession session, TableReader reader, SourceDefinition source, DeltaSnapshot silver, LakePath root, CancellationToken cancellationToken)
    {
        foreach (var (column, index) in Of(source))
        {
            var value = Sql.Identifier(column.Name);
            var select = $"select {value} as value, {KeyOf(source)} as key from present.unique_values";
            var planned = await reader.PlanAsync(session, [new TableInput("present", "unique_values", silver, root)], select, cancellationToken);
            using var views = await reader.CreateViewsAsync(session, planned, cancellationToken);
            var other = source.Key.Count == 0 ? "" : $" and {KeyOf(source)} <> held.key";
            session.Execute($"insert into {NameOf(index)} select distinct _file, _row from sound join ({select}) held on {value} = held.value{other}", cancellationToken);
        }
    }

    /// <summary>Whether a source has such columns.</summary>
    public static bool Any(SourceDefinition source) => source.Columns.Any(c => c.Unique);

    /// <summary>The columns, with their places.</summary>
    public static IEnumerable<(ColumnDefinition Column, int Index)> Of(SourceDefinition source) => source.Columns.Select((c, i) => (c, i)).Where(c => c.c.Unique);

    /// <summary>The key as one value; a row of a source without a key has none.</summary>
    public static string KeyOf(SourceDefinition source) => source.Key.Count == 0 ? "null" : $"row({CleanSql.KeyOf(source)})";

    /// <summary>Finds them among candidates with the columns value, key, _ingested_at, _file and _row.</summary>
    public static void Find(DuckDbSession session, int column, string candidates, CancellationToken cancellationToken) => session.Execute(
        $"""
        insert into {NameOf(column)}
            select _file, _row from (
                select _file, _row, key, row_number() over arrival as place, first_value(key) over arrival as first
                from ({candidates}) semi join (select value from ({candidates}) group by value having count(*) > 1) using (value)
                window arrival as (partition by value order by _ingested_at, _file, _row)
            ) where place > 1 and (key = first) is not true
        """,
        cancellationToken);
}
