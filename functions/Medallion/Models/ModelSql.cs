using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Models;

/// <summary>A model's SELECT with the casts that make its columns fit a table.</summary>
internal static class ModelSql
{
    /// <summary>The SELECT whose columns all have types that Delta holds.</summary>
    /// <exception cref="Lakehouse.TerminalException">A column has a type without a counterpart; the message names the column and the cast to write.</exception>
    public static string Normalise(DuckDbSession session, string sql) => $"select {DeltaTypes.Normalise(session.Describe(sql))} from ({sql.TrimEnd().TrimEnd(';')}\n)";
}
