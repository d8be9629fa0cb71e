using Pipeline.Lakehouse.Storage;

namespace Pipeline.Lakehouse.Delta;

/// <summary>Which schemas a table may have, and which may be added to it.</summary>
internal static class SchemaRules
{
    public static void CheckNew(LakePath root, DeltaSchema schema, IReadOnlyList<string> partitionColumns)
    {
        if (schema.Fields.GroupBy(field => field.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(field => field.Count() > 1) is { } twice)
        {
            throw new TerminalException($"The table {root} would have the columns "
                + $"{string.Join(" and ", twice.Select(field => $"'{field.Name}'"))}; names must differ in more than casing.");
        }

        foreach (var name in partitionColumns)
        {
            var field = schema.Fields.FirstOrDefault(column => column.Name == name)
                ?? throw new TerminalException($"The table {root} is to be partitioned by '{name}', which is not one of its columns: {schema}.");
            if (!DeltaTypes.CanPartition(field.Type))
            {
                throw new TerminalException($"The table {root} is to be partitioned by '{name}', a {field.Type}; expected a string, a whole "
                    + "number, a decimal, a boolean, a date or a timestamp.");
            }
        }

        if (schema.Fields.Count == partitionColumns.Count)
        {
            throw new TerminalException($"The table {root} would have no column beside its partition columns "
                + $"({string.Join(", ", partitionColumns)}).");
        }
    }

    /// <summary>The table's schema with the nullable columns that only the added files have; a nullable column that they lack reads as
    /// null.</summary>
    public static DeltaSchema Widen(LakePath root, DeltaSchema table, DeltaSchema added)
    {
        foreach (var column in table.Fields)
        {
            var counterpart = added.Find(column.Name);
            var difference = counterpart switch
            {
                null => column.Nullable ? null : "is required in the table and missing in the files to add",
                { Name: var name } when name != column.Name => $"is spelled '{name}' in the files to add",
                { Type: var type } when type != column.Type => $"is {column.Type} in the table and {type} in the files to add",
                { Nullable: true } when !column.Nullable => "is required in the table and may be null in the files to add",
                _ => null,
            };
            if (difference is not null)
            {
                throw new TerminalException($"The column '{column.Name}' of the table {root} {difference}. Cast it in the select, or overwrite "
                    + "the table.");
            }
        }

        DeltaField[] extra = [.. added.Fields.Where(column => table.Find(column.Name) is null)];
        if (extra.FirstOrDefault(column => !column.Nullable) is { } required)
        {
            throw new TerminalException($"The column '{required.Name}' is new to the table {root} and required; rows that are there have no "
                + "value for it.");
        }

        var widened = new DeltaSchema { Fields = [.. table.Fields, .. extra] };
        CheckNames(root, extra);
        return widened;
    }

    private static void CheckNames(LakePath root, IReadOnlyList<DeltaField> extra)
    {
        if (extra.GroupBy(field => field.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(field => field.Count() > 1) is { } twice)
        {
            throw new TerminalException($"The files to add to {root} have the columns "
                + $"{string.Join(" and ", twice.Select(field => $"'{field.Name}'"))}; names must differ in more than casing.");
        }
    }
}
