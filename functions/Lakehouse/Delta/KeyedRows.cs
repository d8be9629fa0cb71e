using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Rows that come into a table by key: a query's result, kept in the session.</summary>
internal sealed class KeyedRows
{
    /// <summary>The rows' table.</summary>
    public const string Source = $"{ChangeSet.Schema}.source";

    // Up to here a file is held against each value, above against the smallest and the largest.
    private const int ListedValues = 256;

    private readonly DuckDbSession session;
    private readonly IReadOnlyList<string> key;

    /// <summary>Runs the query into a table whose columns have the types that the target has.</summary>
    public KeyedRows(DuckDbSession session, string selectSql, DeltaSchema schema, IReadOnlyList<string> key, string? extraColumn, CancellationToken cancellationToken)
    {
        (this.session, this.key) = (session, key);
        var columns = session.Describe(selectSql).Select(column => column.Name == extraColumn
            ? $"coalesce({Sql.Identifier(column.Name)}, false) AS {Sql.Identifier(column.Name)}"
            : $"CAST({Sql.Identifier(column.Name)} AS {DeltaTypes.ToDuckDb(schema.Find(column.Name)?.Type ?? DeltaTypes.FromDuckDb(column.Name, column.Type))}) AS {Sql.Identifier(column.Name)}");
        session.Execute($"CREATE SCHEMA IF NOT EXISTS {ChangeSet.Schema}; CREATE OR REPLACE TABLE {Source} AS SELECT {string.Join(", ", columns)} FROM (\n{selectSql}\n)", cancellationToken);
    }

    /// <summary>The condition that rows <c>t</c> of a table and <c>s</c> of these have one key; a null in it matches nothing.</summary>
    public string Match => string.Join(" AND ", key.Select(column => $"t.{Sql.Identifier(column)} = s.{Sql.Identifier(column)}"));

    /// <exception cref="TerminalException">A key column is no column of the table, or of a type that has no equality.</exception>
    public static void CheckKey(LakePath root, DeltaSchema rows, DeltaSchema table, IReadOnlyList<string> key)
    {
        if (key.Count == 0)
        {
            throw new TerminalException($"Rows are to come into the table {root} by key, but no key column is named.");
        }

        foreach (var column in key)
        {
            var found = rows.Fields.FirstOrDefault(field => field.Name == column)
                ?? throw new TerminalException($"The key column '{column}' is not among the columns that come into the table {root}: ({rows}).");
            if (table.Find(column) is not { Type: PrimitiveType })
            {
                throw new TerminalException($"The key column '{column}' of the table {root} is {(table.Find(column) is { } field ? $"a {field.Type}" : "missing there")}; expected one that is no list, map or struct, as "
                    + $"the {found.Type} that comes.");
            }
        }
    }

    /// <exception cref="TerminalException">A row has a null in its key.</exception>
    public void RequireKey(LakePath root, CancellationToken cancellationToken)
    {
        var nulls = string.Join(" OR ", key.Select(column => $"{Sql.Identifier(column)} IS NULL"));
        if (session.Scalar<long>($"SELECT count(*) FROM {Source} WHERE {nulls}", cancellationToken) is > 0 and var rows)
        {
            throw new TerminalException($"{rows} of the rows that come into the table {root} have null in the key ({string.Join(", ", key)}). Leave them out in the select, or give them values. Nothing was committed.");
        }
    }

    /// <exception cref="TerminalException">Two rows have one key (and one more column's value); the message names it.</exception>
    public void RequireOneRowPer(LakePath root, CancellationToken cancellationToken, params IEnumerable<string> more)
    {
        string[] columns = [.. key, .. more];
        var list = string.Join(", ", columns.Select(Sql.Identifier));
        using var found = session.Query(
            $"SELECT count(*), {string.Join(", ", columns.Select(column => $"CAST({Sql.Identifier(column)} AS VARCHAR)"))} FROM {Source} WHERE {string.Join(" AND ", columns.Select(column => $"{Sql.Identifier(column)} IS NOT NULL"))} "
                + $"GROUP BY {list} HAVING count(*) > 1 ORDER BY 1 DESC, {list} LIMIT 1",
            cancellationToken);
        if (found.Read())
        {
            throw new TerminalException($"{found[0]} rows that come into the table {root} have {string.Join(" and ", columns.Select((column, index) => $"{column} = {found[index + 1]}"))}; expected one at most. Choose one "
                + "in the select. Nothing was committed.");
        }
    }

    /// <exception cref="TerminalException">A row has no value for a column that must have one.</exception>
    public void RequireValues(LakePath root, DeltaSchema rows, DeltaSchema table, CancellationToken cancellationToken)
    {
        foreach (var required in table.Fields.Where(field => !field.Nullable))
        {
            var missing = rows.Find(required.Name) is null ? -1 : session.Scalar<long>($"SELECT count(*) FROM {Source} WHERE {Sql.Identifier(required.Name)} IS NULL", cancellationToken);
            if (missing != 0)
            {
                throw new TerminalException($"The column '{required.Name}' of the table {root} must not be null; "
                    + $"{(missing < 0 ? "it is missing in the rows that come" : $"{missing} of the rows that come have null there")}. Nothing was committed.");
            }
        }
    }

    /// <summary>Numbers of the files that may hold rows of these keys, by their statistics.</summary>
    public IReadOnlyList<int> Candidates(DeltaSnapshot snapshot, CancellationToken cancellationToken)
    {
        if (!key.All(column => snapshot.Schema.Find(column) is not null))
        {
            // A key column that is new to the table is null in all of its rows.
            return [];
        }

        var filter = new FileFilter([.. key.SelectMany(column => Conditions(Sql.Identifier(column), column, cancellationToken))]);
        var kept = filter.Narrow(snapshot).Files.Select(file => file.Path).ToHashSet();
        return [.. Enumerable.Range(0, snapshot.Files.Count).Where(file => kept.Contains(snapshot.Files[file].Path))];
    }

    private IEnumerable<ColumnCondition> Conditions(string identifier, string column, CancellationToken cancellationToken)
    {
        using (var values = session.Query($"SELECT DISTINCT CAST({identifier} AS VARCHAR) FROM {Source} WHERE {identifier} IS NOT NULL LIMIT {ListedValues + 1}", cancellationToken))
        {
            string[] listed = [.. values.Rows().Select(row => row[0]).OfType<string>()];
            if (listed.Length <= ListedValues)
            {
                return [new ColumnCondition(column, FileComparison.In, listed)];
            }
        }

        using var bounds = session.Query($"SELECT CAST(min({identifier}) AS VARCHAR), CAST(max({identifier}) AS VARCHAR) FROM {Source}", cancellationToken);
        _ = bounds.Read();
        return [new ColumnCondition(column, FileComparison.AtLeast, bounds.Get<string>(0) ?? ""), new ColumnCondition(column, FileComparison.AtMost, bounds.Get<string>(1) ?? "")];
    }
}
