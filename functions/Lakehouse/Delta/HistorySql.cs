using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Lakehouse.Delta;

/// <summary>The SQL by which observations of a key become its history.</summary>
/// <param name="key">The key columns.</param>
/// <param name="schema">The history's columns.</param>
/// <param name="own">Those that the history gives itself.</param>
/// <param name="rows">The columns of the rows that come; of the others they have nulls.</param>
internal sealed class HistorySql(IReadOnlyList<string> key, DeltaSchema schema, IReadOnlyList<string> own, DeltaSchema rows)
{
    // The end of a key is a state too.
    private string[] State => [.. schema.Fields.Select(column => column.Name).Where(name => !key.Contains(name) && !own.Contains(name)), "is_deleted"];

    private DeltaField[] Lacking => [.. schema.Fields.Where(column => rows.Find(column.Name) is null)];

    private string Keys => string.Join(", ", key.Select(Sql.Identifier));

    private string Values => string.Join(", ", State.Select(Sql.Identifier));

    public string Columns(string alias) => string.Join(", ", schema.Fields.Select(field => $"{alias}.{Sql.Identifier(field.Name)}"));

    public string Key(string alias) => string.Join(", ", key.Select(column => $"{alias}.{Sql.Identifier(column)}"));

    public string SameKey(string one, string other) => string.Join(" AND ", key.Select(column => $"{one}.{Sql.Identifier(column)} = {other}.{Sql.Identifier(column)}"));

    /// <summary>Whether two rows are equal in all columns.</summary>
    public string Same(string one, string other) => Equal(one, other, schema.Fields.Select(field => field.Name));

    /// <summary>Rows that come where the history has another state at that very sequence, by the columns that come: the sequence, then the key.</summary>
    public string Contradictions(string source, string old) => $"SELECT CAST(s.valid_from AS VARCHAR), {string.Join(", ", key.Select(column => $"CAST(s.{Sql.Identifier(column)} AS VARCHAR)"))} "
        + $"FROM {source} AS s JOIN {Observations(old)} AS o ON {SameKey("s", "o")} AND s.valid_from = o.seen WHERE NOT ({Equal("s", "o", State.Where(column => rows.Find(column) is not null))}) ORDER BY s.valid_from LIMIT 1";

    /// <summary>Rows that come and were not observed yet.</summary>
    public string News(string source, string old) => $"SELECT *{string.Concat(Lacking.Select(column => $", CAST(NULL AS {DeltaTypes.ToDuckDb(column.Type)}) AS {Sql.Identifier(column.Name)}"))} FROM {source} AS s WHERE NOT EXISTS (SELECT 1 FROM {Observations(old)} AS o WHERE {SameKey("s", "o")} AND s.valid_from = o.seen)";

    /// <summary>The whole history of the keys of which there is news.</summary>
    public string States(string old, string news)
    {
        var rest = schema.Fields.Select(field => field.Name switch
        {
            "valid_to" => "lead(valid_from) OVER states AS valid_to",
            "is_current" => "lead(valid_from) OVER states IS NULL AND NOT is_deleted AS is_current",
            var name => Sql.Identifier(name),
        });
        return $"""
            WITH observations AS (
                SELECT {Keys}, {Values}, seen FROM {Observations(old)} AS o WHERE EXISTS (SELECT 1 FROM {news} AS n WHERE {SameKey("n", "o")})
                UNION ALL SELECT {Keys}, {Values}, valid_from FROM {news}
            ), changes AS (
                SELECT *, lag(seen) OVER seens IS NULL OR row({Values}) IS DISTINCT FROM lag(row({Values})) OVER seens AS begins
                FROM observations WINDOW seens AS (PARTITION BY {Keys} ORDER BY seen)
            ), runs AS (
                SELECT *, count(*) FILTER (begins) OVER (PARTITION BY {Keys} ORDER BY seen ROWS UNBOUNDED PRECEDING) AS run FROM changes
            ), states AS (
                SELECT {Keys}, {string.Join(", ", State.Select(Sql.Identifier).Select(column => $"first({column} ORDER BY seen) AS {column}"))}, min(seen) AS valid_from, list(seen ORDER BY seen) AS observed
                FROM runs GROUP BY {Keys}, run
            )
            SELECT {string.Join(", ", rest)} FROM states WINDOW states AS (PARTITION BY {Keys} ORDER BY valid_from)
            """;
    }

    private static string Equal(string one, string other, IEnumerable<string> columns) =>
        string.Join(" AND ", columns.Select(column => $"{one}.{Sql.Identifier(column)} IS NOT DISTINCT FROM {other}.{Sql.Identifier(column)}"));

    private string Observations(string old) => $"(SELECT {Keys}, {Values}, unnest(observed) AS seen FROM {old})";
}
