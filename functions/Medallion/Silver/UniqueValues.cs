using System.Globalization;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Silver;

/// <summary>Rows whose value of a <c>unique</c> column an earlier row has, as tables of a session. The first row to arrive keeps a value, as long as nothing else rejects it; a row of
/// the same key may have it again.</summary>
internal static class UniqueValues
{
    /// <summary>The columns of a row that may have lost its value, without rows.</summary>
    public const string EmptyLosers = "select null::integer as place, null::varchar as _file, null::bigint as _row where false";

    /// <summary>The session's table for a column.</summary>
    public static string NameOf(int column) => string.Create(CultureInfo.InvariantCulture, $"unique_{column}");

    /// <summary>Creates the table of a column without rows.</summary>
    public static string Empty(int column) => $"create temp table {NameOf(column)} (_file varchar, _row bigint)";

    /// <summary>The columns, with their places.</summary>
    public static IEnumerable<(ColumnDefinition Column, int Index)> Of(SourceDefinition source) => source.Columns.Select((c, i) => (c, i)).Where(c => c.c.Unique);

    /// <summary>A SELECT of the rows of the session's view <c>sound</c> that have a value.</summary>
    public static string Candidates(SourceDefinition source, ColumnDefinition column) =>
        $"select {Value(source, column)} as value, {KeyOf(source)} as key, _ingested_at, _file, _row from sound where {Sql.Identifier(column.Name)} is not null";

    /// <summary>Finds them: among the candidates, and beside the rows that silver has.</summary>
    /// <param name="session">Has the tables afterwards.</param>
    /// <param name="reader">Reads silver.</param>
    /// <param name="source">The source.</param>
    /// <param name="silver">What silver has; null: the candidates are all there is.</param>
    /// <param name="root">Silver's directory.</param>
    /// <param name="candidates">A relation for each column, as <see cref="Candidates"/> gives it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task FindAsync(
        DuckDbSession session, TableReader reader, SourceDefinition source, DeltaSnapshot? silver, LakePath root, Func<ColumnDefinition, int, string> candidates, CancellationToken cancellationToken)
    {
        var earlier = new List<int>();
        foreach (var (column, index) in Of(source))
        {
            // A row that lost one value to another row holds no other.
            var rows = $"select * from ({candidates(column, index)}){string.Concat(earlier.Select(e => $" anti join {NameOf(e)} using (_file, _row)"))}";
            earlier.Add(index);
            if (silver is not null)
            {
                var held = $"select {Value(source, column)} as value, {KeyOf(source)} as key from present.unique_values where {Sql.Identifier(column.Name)} is not null";
                var planned = await reader.PlanAsync(session, [new TableInput("present", "unique_values", silver, root)], held, cancellationToken);
                using var views = await reader.CreateViewsAsync(session, planned, cancellationToken);
                session.Execute($"insert into {NameOf(index)} select distinct c._file, c._row from ({rows}) c join ({held}) h on c.value = h.value and (c.key = h.key) is not true", cancellationToken);
            }

            session.Execute(Among(index, $"select * from ({rows}) anti join {NameOf(index)} using (_file, _row)"), cancellationToken);
        }
    }

    /// <summary>Takes those that were found beforehand: files with the columns of <see cref="EmptyLosers"/>.</summary>
    public static async Task TakeAsync(DuckDbSession session, TableReader reader, SourceDefinition source, IReadOnlyList<AddFile> losers, LakePath root, CancellationToken cancellationToken)
    {
        if (losers.Count == 0)
        {
            return;
        }

        using var lease = await reader.CreateViewAsync(session, "split", "losers", Bucket.Snapshot(session, EmptyLosers, [], losers), root, cancellationToken);
        foreach (var (_, index) in Of(source))
        {
            session.Execute(string.Create(CultureInfo.InvariantCulture, $"insert into {NameOf(index)} select _file, _row from split.losers where place = {index}"), cancellationToken);
        }
    }

    private static string Among(int column, string candidates) =>
        $"""
        insert into {NameOf(column)}
            select _file, _row from (
                select _file, _row, key, row_number() over arrival as place, first_value(key) over arrival as first
                from ({candidates}) semi join (select value from ({candidates}) group by value having count(*) > 1) using (value)
                window arrival as (partition by value order by _ingested_at, _file, _row)
            ) where place > 1 and (key = first) is not true
        """;

    // As silver has it, so that new and present values compare.
    private static string Value(SourceDefinition source, ColumnDefinition column) => $"cast({Sql.Identifier(column.Name)} as {CleanSql.TableType(source, column.Name)})";

    // The key as one value; a row of a source without a key has none.
    private static string KeyOf(SourceDefinition source) =>
        source.Key.Count == 0 ? "null::varchar" : $"row({string.Join(", ", source.Key.Select(k => $"cast({Sql.Identifier(k)} as {CleanSql.TableType(source, k)})"))})::varchar";
}
