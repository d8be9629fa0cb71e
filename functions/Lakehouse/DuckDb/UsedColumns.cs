using System.Globalization;
using System.Text.Json;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Which columns of its tables a SELECT reads, by DuckDB's own plan of it.</summary>
/// <remarks>Asked of the plan and not of the lineage, because what counts here is what a scan fetches: the plan knows every operator and drops what nobody reads.</remarks>
internal static class UsedColumns
{
    private const string Schema = "__used";

    // These read a table's values or contents while they plan, or move a filter into a scan, which then no longer names the filter's columns.
    private const string Disabled = "filter_pushdown,filter_pullup,join_filter_pushdown,statistics_propagation,empty_result_pullup,late_materialization,row_group_pruner";

    /// <summary>The columns that a SELECT reads of each table: all of them where the plan does not tell.</summary>
    /// <param name="session">Has afterwards no view of the tables' names.</param>
    /// <param name="select">One SELECT over the tables.</param>
    /// <param name="tables">The tables, with their columns.</param>
    /// <exception cref="DuckDbException">The SELECT cannot be bound.</exception>
    public static IReadOnlyList<IReadOnlySet<string>> Of(DuckDbSession session, string select, IReadOnlyList<(TableName Table, IReadOnlyList<DuckDbColumn> Columns)> tables)
    {
        session.Execute($"CREATE SCHEMA {Schema}; SET disabled_optimizers = {Sql.Literal(Disabled)}");
        foreach (var ((table, columns), number) in tables.Select((table, number) => (table, number)))
        {
            // As a view of the table itself: every column under a cast.
            session.Execute($"CREATE TABLE {Scanned(number)} ({string.Join(", ", columns.Select((column, at) => $"c{at} {column.Type}"))})");
            session.Execute($"CREATE SCHEMA IF NOT EXISTS {Sql.Identifier(table.Schema ?? "main")}; CREATE OR REPLACE VIEW {View(table)} AS SELECT "
                + $"{string.Join(", ", columns.Select((column, at) => $"CAST(c{at} AS {column.Type}) AS {Sql.Identifier(column.Name)}"))} FROM {Scanned(number)}");
        }

        try
        {
            _ = session.Describe(select);
            using var result = session.Query($"EXPLAIN (FORMAT json) {select}");
            using var plan = JsonDocument.Parse(result.Rows().Single()[1] as string ?? "[]", SelectStatement.TreeOptions);
            var found = new Dictionary<string, HashSet<int>?>();
            Collect(plan.RootElement, found);
            return [.. tables.Select((table, number) => Names(table.Columns, found.GetValueOrDefault($"{session.Catalog}.{Scanned(number)}")))];
        }
        finally
        {
            session.Execute($"{string.Concat(tables.Select(table => $"DROP VIEW {View(table.Table)}; "))}DROP SCHEMA {Schema} CASCADE; RESET disabled_optimizers");
        }
    }

    private static string Scanned(int number) => string.Create(CultureInfo.InvariantCulture, $"{Schema}.t{number}");

    private static string View(TableName table) => $"{Sql.Identifier(table.Schema ?? "main")}.{Sql.Identifier(table.Name)}";

    private static IReadOnlySet<string> Names(IReadOnlyList<DuckDbColumn> columns, HashSet<int>? used) =>
        columns.Where((_, at) => used?.Contains(at) ?? true).Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);

    // Columns by table; null where a scan does not tell them.
    private static void Collect(JsonElement element, Dictionary<string, HashSet<int>?> found)
    {
        foreach (var child in element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [])
        {
            Collect(child, found);
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (element.TryGetProperty("extra_info", out var scan) && scan.ValueKind == JsonValueKind.Object && scan.TryGetProperty("Table", out var table) && table.GetString() is { } name)
        {
            var columns = scan.TryGetProperty("Projections", out var list) ? Numbers(list) : null;
            found[name] = columns is null || (found.TryGetValue(name, out var others) && others is null) ? null : [.. columns, .. found.GetValueOrDefault(name) ?? []];
        }

        if (element.TryGetProperty("children", out var children))
        {
            Collect(children, found);
        }
    }

    // "c1", "" or ["c1", "c2.field"].
    private static HashSet<int>? Numbers(JsonElement list)
    {
        var numbers = new HashSet<int>();
        foreach (var text in list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(item => item.ToString()) : list.ToString() is { Length: > 0 } only ? [only] : [])
        {
            if (text[0] != 'c' || !int.TryParse(text.AsSpan(1).ToString().Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            numbers.Add(number);
        }

        return numbers;
    }
}
