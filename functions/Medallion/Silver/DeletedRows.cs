using Pipeline.Lakehouse;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Silver;

/// <summary>Valid rows that say that their key is deleted. They compete with the other rows of the key; where one wins, silver has no row of it.</summary>
internal static class DeletedRows
{
    /// <summary>SQL over silver's columns that is true for such a row, never null.</summary>
    /// <exception cref="TerminalException">There is no such column.</exception>
    public static string Condition(SourceDefinition source)
    {
        if (source.Deleted is not { } name)
        {
            return "false";
        }

        var column = source.Columns.FirstOrDefault(c => c.Name == name)
            ?? throw new TerminalException($"'deleted' of source '{source.Name}' names '{name}', which is not one of its columns: {string.Join(", ", source.Columns.Select(c => c.Name))} ({source.Line}).");
        return column.Type.ToUpperInvariant() is "DATE" or "TIMESTAMP" or "TIMESTAMPTZ" or "TIMESTAMP WITH TIME ZONE" or "DATETIME"
            ? $"({Sql.Identifier(name)} is not null)"
            : $"coalesce(try_cast({Sql.Identifier(name)} as boolean), false)";
    }

    /// <summary>The others of some rows.</summary>
    public static string Without(SourceDefinition source, string select) => source.Deleted is null ? select : $"select * from ({select}) where not {Condition(source)}";

    /// <summary>How many of some rows are such.</summary>
    public static long Count(DuckDbSession session, SourceDefinition source, string select, CancellationToken cancellationToken) =>
        source.Deleted is null ? 0 : session.Scalar<long>($"select count(*) from ({select}) where {Condition(source)}", cancellationToken);
}
