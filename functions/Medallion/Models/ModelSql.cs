using System.Text.RegularExpressions;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Models;

/// <summary>A model's SELECT with the casts that make its columns fit a table.</summary>
internal static partial class ModelSql
{
    /// <summary>The SELECT whose columns all have types that Delta holds.</summary>
    /// <exception cref="TerminalException">A column has a name or a type that no table can hold; the message says which, and what to write.</exception>
    public static string Normalise(DuckDbSession session, string sql)
    {
        var columns = session.Describe(sql);
        CheckNames(columns);
        return $"select {DeltaTypes.Normalise(columns)} from ({WithoutEnd(sql)}\n)";
    }

    /// <summary>The SELECT without a semicolon at its end, so that it can stand in parentheses.</summary>
    public static string WithoutEnd(string sql) => End().Replace(sql, "");

    private static void CheckNames(IReadOnlyList<DuckDbColumn> columns)
    {
        if (columns.FirstOrDefault(c => c.Name.Length == 0 || c.Name.Any(letter => " ,;{}()=\n\t".Contains(letter, StringComparison.Ordinal))) is { } odd)
        {
            throw new TerminalException($"the column '{odd.Name}' needs a name that a table can hold, without space and any of ,;{{}}()=: write AS name behind it");
        }

        if (columns.GroupBy(c => c.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(c => c.Count() > 1) is { } twice)
        {
            throw new TerminalException($"there is more than one column '{twice.Key}': give each its own name");
        }
    }

    [GeneratedRegex(@";\s*(--[^\n]*(\n\s*|$))*$", RegexOptions.NonBacktracking)]
    private static partial Regex End();
}
