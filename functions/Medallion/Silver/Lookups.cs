using System.Globalization;
using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;
using Pipeline.Medallion.Runs;

namespace Pipeline.Medallion.Silver;

/// <summary>The values that columns with <c>references</c> must be among, as tables of a session.</summary>
internal static class Lookups
{
    /// <summary>The session's table for a column.</summary>
    public static string NameOf(int column) => string.Create(CultureInfo.InvariantCulture, $"lookup_{column}");

    /// <summary>Reads them, at the versions that the run is pinned to.</summary>
    /// <exception cref="TerminalException">A table is not built yet, or has no such column.</exception>
    public static async Task CreateAsync(
        LakeTables tables, TableReader reader, DuckDbSession session, SourceDefinition source, StepWork work, CancellationToken cancellationToken)
    {
        foreach (var (column, index) in source.Columns.Select((c, i) => (c, i)))
        {
            if (column.References is not { } reference)
            {
                continue;
            }

            var inputs = await StepInputs.ReadAsync(tables, work, [reference.Table], cancellationToken);
            var snapshot = inputs.Snapshots[reference.Table];
            if (snapshot.Schema.Find(reference.Column) is null)
            {
                throw new TerminalException(
                    $"Column '{column.Name}' of source '{source.Name}' references {reference}, but {reference.Table} has no such column: {string.Join(", ", snapshot.Schema.Fields.Select(f => f.Name))} ({column.Line}).");
            }

            var value = Sql.Identifier(reference.Column);
            var select = $"select distinct value from (select try_cast({value} as {CleanSql.Stored(column.Type)}) as value from lookup.{reference.Table.Name}) where value is not null";
            var planned = await reader.PlanAsync(session, [new TableInput("lookup", reference.Table.Name, snapshot, LakeTables.Root(work.Pipeline, reference.Table))], select, cancellationToken);
            using var views = await reader.CreateViewsAsync(session, planned, cancellationToken);
            session.Execute($"create temp table {NameOf(index)} as {select}", cancellationToken);
        }
    }
}
