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
    /// <param name="lower">The least value of the window.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<KnownRows> ReadAsync(
        DuckDbSession session, TableReader reader, DeltaSnapshot bronze, LakePath root, IReadOnlyList<DuckDbColumn> columns, SqlColumn cursor, string lower, CancellationToken cancellationToken)
    {
        var type = columns.First(c => c.Name == cursor.Name).Type;
        var bound = session.Scalar<string>($"select cast(cast({Sql.Literal(lower)} as {type}) as varchar)", cancellationToken) ?? "";
        var beginning = session.Scalar<string>($"select cast(cast({Sql.Literal(cursor.IsTime ? "0001-01-01" : lower)} as {type}) as varchar)", cancellationToken) ?? "";
        ColumnCondition[] any = [new(cursor.Name, FileComparison.AtLeast, bound), new(cursor.Name, FileComparison.IsNull), .. cursor.IsTime ? [new ColumnCondition(cursor.Name, FileComparison.AtMost, beginning)] : Array.Empty<ColumnCondition>()];
        var files = any.SelectMany(c => new FileFilter(c).Narrow(bronze).Files).DistinctBy(f => f.Path).ToList();
        using var lease = await reader.CreateViewAsync(session, "bronze", "planned", bronze with { Files = files }, root, cancellationToken);
        var name = Sql.Identifier(cursor.Name);
        var values = columns.Select(c => bronze.Schema.Find(c.Name) is null ? $"null::{c.Type} as {Sql.Identifier(c.Name)}" : $"cast({Sql.Identifier(c.Name)} as {c.Type}) as {Sql.Identifier(c.Name)}");
        session.Execute(
            $"create temp table {Table} as select {string.Join(", ", values)} from bronze.planned where {name} >= {Cast(bound, type)} or {name} is null{(cursor.IsTime ? $" or {name} <= {Cast(beginning, type)}" : "")}",
            cancellationToken);
        return new KnownRows(session, string.Join(", ", columns.Select(c => Sql.Identifier(c.Name))));
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

    private static string Cast(string text, string type) => $"cast({Sql.Literal(text)} as {type})";
}
