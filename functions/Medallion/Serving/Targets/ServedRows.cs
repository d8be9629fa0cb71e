using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>The rows of a served table in a session: all of them, or what changed since a version.</summary>
/// <param name="session">The session.</param>
/// <param name="serve">What is served.</param>
/// <param name="table">What it becomes.</param>
/// <param name="padsTexts">Whether the target takes texts that differ only by spaces at their end for the same key.</param>
internal sealed class ServedRows(DuckDbSession session, ServeDefinition serve, TargetTable table, bool padsTexts)
{
    /// <summary>The schema of the views.</summary>
    public const string Schema = "served";

    /// <summary>The view of all rows.</summary>
    public const string All = "now";

    /// <summary>The view of files that a version has and the one before has not.</summary>
    public const string Added = "added";

    /// <summary>The view of files that a version no longer has.</summary>
    public const string Removed = "removed";

    private const string Changed = "changed";
    private const string Gone = "gone";

    private string Key => string.Join(", ", table.Key.Select(Sql.Identifier));

    private string ComparedKey => string.Join(", ", table.Key.Select(k => padsTexts && table.IsText(k) ? $"rtrim({Sql.Identifier(k)}, ' ') as {Sql.Identifier(k)}" : Sql.Identifier(k)));

    /// <summary>All rows, as they travel.</summary>
    public DuckDbResult Rows(CancellationToken cancellationToken) => session.Query(Travelling($"{Schema}.{All}"), cancellationToken);

    /// <summary>The rows that are new or changed, as they travel, after <see cref="Compare"/>.</summary>
    public DuckDbResult ChangedRows(CancellationToken cancellationToken) => session.Query(Travelling(Changed), cancellationToken);

    /// <summary>The keys that are gone, as they travel, after <see cref="Compare"/>.</summary>
    public DuckDbResult GoneKeys(CancellationToken cancellationToken) =>
        session.Query($"select {string.Join(", ", table.Key.Select(k => table.Columns.First(c => c.Name == k)).Select(c => $"{c.Select} as {Sql.Identifier(c.Name)}"))} from {Gone}", cancellationToken);

    /// <summary>Finds what changed between two versions from the files that only one of them has. What was only packed anew is no change.</summary>
    public RowChanges Compare(CancellationToken cancellationToken)
    {
        var columns = string.Join(", ", table.Columns.Select(c => Sql.Identifier(c.Name)));
        session.Execute(
            $"""
            create or replace temp table {Changed} as select {columns} from {Schema}.{Added} except select {columns} from {Schema}.{Removed};
            create or replace temp table {Gone} as select {Key} from {Schema}.{Removed} anti join {Schema}.{Added} using ({Key})
            """,
            cancellationToken);
        var changed = session.Scalar<long>($"select count(*) from {Changed}", cancellationToken);
        var updated = session.Scalar<long>($"select count(*) from {Changed} semi join {Schema}.{Removed} using ({Key})", cancellationToken);
        return new RowChanges(changed - updated, updated, session.Scalar<long>($"select count(*) from {Gone}", cancellationToken));
    }

    /// <summary>Refuses rows without a key, and keys of more than one row.</summary>
    /// <param name="view">Where rows without a key may be.</param>
    /// <param name="whole">Where all rows are; null: one row each is known to be there.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="TerminalException">There are such.</exception>
    public void RequireKey(string view, string? whole, CancellationToken cancellationToken)
    {
        if (table.Key.Count == 0)
        {
            return;
        }

        Refuse($"select {Key}, 1 from {Schema}.{view} where {string.Join(" or ", table.Key.Select(k => $"{Sql.Identifier(k)} is null"))} limit 1", "a row without a key", cancellationToken);
        if (whole is not null)
        {
            Refuse($"select {ComparedKey}, count(*) as n from {Schema}.{whole} group by all having n > 1 order by n desc limit 1", "more than one row", cancellationToken);
        }
    }

    private void Refuse(string select, string what, CancellationToken cancellationToken)
    {
        using var found = session.Query(select, cancellationToken);
        if (found.Rows().FirstOrDefault() is { } row)
        {
            var values = string.Join(", ", table.Key.Zip(row, (name, value) => string.Create(CultureInfo.InvariantCulture, $"{name} = {value ?? "null"}")));
            throw new TerminalException($"{serve.Table} has {what}, such as {values}: served by the key ({string.Join(", ", table.Key)}) it has a value in each of them, and one row of each. Correct the table, or 'key' in {serve.Line}. {serve.Arrival} is as it was.");
        }
    }

    private string Travelling(string from) => $"select {string.Join(", ", table.Columns.Select(c => $"{c.Select} as {Sql.Identifier(c.Name)}"))} from {from}";
}

/// <summary>How many rows changed.</summary>
/// <param name="Inserted">Whose key was not there.</param>
/// <param name="Updated">Whose key was there with other values.</param>
/// <param name="Deleted">Whose key is gone.</param>
internal sealed record RowChanges(long Inserted, long Updated, long Deleted)
{
    /// <summary>Whether nothing did.</summary>
    public bool AreNone => Inserted + Updated + Deleted == 0;
}
