using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Lakehouse.Storage;

namespace Pipeline.Medallion.Sources.Database;

/// <summary>Rows of bronze that a window of changes meets again: what is read and is there already, as it is, is left out, each as often as it is there.</summary>
internal sealed class KnownRows
{
    private const string Table = "known";
    private readonly DuckDbSession session;
    private readonly string columns;

    private KnownRows(DuckDbSession session, string columns) => (this.session, this.columns) = (session, columns);

    /// <summary>Brings them into the session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="reader">Reads bronze.</param>
    /// <param name="bronze">Bronze as it was planned.</param>
    /// <param name="root">Where it lies.</param>
    /// <param name="columns">The columns of the source, with <c>_error</c> and <c>_raw</c>, as bronze has them.</param>
    /// <param name="cursor">The column that grows.</param>
    /// <param name="lower">The least value of the window; null: it has none.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<KnownRows> ReadAsync(
        DuckDbSession session, TableReader reader, DeltaSnapshot bronze, LakePath root, IReadOnlyList<DuckDbColumn> columns, SqlColumn cursor, string? lower, CancellationToken cancellationToken)
    {
        var conditions = Conditions(session, columns.First(c => c.Name == cursor.Name), cursor.IsTime, lower, cancellationToken);
        var files = conditions.Count == 0 ? bronze.Files : [.. conditions.SelectMany(c => new FileFilter(c).Narrow(bronze).Files).DistinctBy(f => f.Path)];
        using var lease = await reader.CreateViewAsync(session, "bronze", "planned", bronze with { Files = files }, root, cancellationToken);
        var values = columns.Select(c => $"cast({(bronze.Schema.Find(c.Name) is null ? "null" : Sql.Identifier(c.Name))} as {c.Type}) as {Sql.Identifier(c.Name)}");
        var where = conditions.Count == 0 ? "" : $" where {string.Join(" or ", conditions.Select(c => new FileFilter(c).ToSql(bronze.Schema)))}";
        session.Execute($"create temp table {Table} as select {string.Join(", ", values)} from bronze.planned{where}", cancellationToken);
        return new KnownRows(session, string.Join(", ", columns.Select(c => Sql.Identifier(c.Name))));
    }

    // The window, and what has no place among other values. Text is in another order here than in the database: all rows with it are looked at.
    private static List<ColumnCondition> Conditions(DuckDbSession session, DuckDbColumn cursor, bool isTime, string? lower, CancellationToken cancellationToken)
    {
        if (lower is null || cursor.Type == "VARCHAR")
        {
            return [];
        }

        var conditions = new List<ColumnCondition> { new(cursor.Name, FileComparison.AtLeast, Stored(lower)), new(cursor.Name, FileComparison.IsNull) };
        if (isTime)
        {
            conditions.Add(new ColumnCondition(cursor.Name, FileComparison.AtMost, Stored("0001-01-01")));
        }

        return conditions;

        string Stored(string value) => session.Scalar<string>($"select cast(cast({Sql.Literal(value)} as {cursor.Type}) as varchar)", cancellationToken) ?? "";
    }

    /// <summary>Those of a batch's rows that are not known. What they met counts for no other batch.</summary>
    public string Fresh(string batch, CancellationToken cancellationToken)
    {
        session.Execute(
            $"""
            create or replace temp table arrived as select {columns} from ({batch});
            create or replace temp table fresh as select * from arrived except all select * from {Table};
            create or replace temp table {Table} as select * from {Table} except all select * from arrived
            """,
            cancellationToken);
        return "select * from fresh";
    }
}
