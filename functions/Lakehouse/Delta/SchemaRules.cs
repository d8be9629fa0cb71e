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
    /// <param name="root">The table's directory.</param>
    /// <param name="table">What the table has.</param>
    /// <param name="added">What the added files have.</param>
    /// <param name="rewritten">True: no file of the table stays, so that columns may have wider types.</param>
    public static DeltaSchema Widen(LakePath root, DeltaSchema table, DeltaSchema added, bool rewritten = false)
    {
        foreach (var column in table.Fields)
        {
            var counterpart = added.Find(column.Name);
            var difference = counterpart switch
            {
                null => column.Nullable ? null : "is required in the table and missing in the files to add",
                { Name: var name } when name != column.Name => $"is spelled '{name}' in the files to add",
                { Type: var type } when type != column.Type && !(rewritten && TypeWidening.Allows(column.Type, type)) => $"is {column.Type} in the table and {type} in the files to add",
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

        var widened = new DeltaSchema { Fields = [.. table.Fields.Select(column => column with { Type = added.Find(column.Name)?.Type ?? column.Type }), .. extra] };
        CheckNames(root, extra);
        return widened;
    }

    /// <summary>The schema of a table after rows of another one came into it. Narrower columns of the rows fit; wider ones only if the table's files are
    /// written anew.</summary>
    public static DeltaSchema Reconcile(LakePath root, DeltaSchema table, DeltaSchema rows, bool widen)
    {
        DeltaField Common(DeltaField column) => rows.Find(column.Name) switch
        {
            null => column,
            { Name: var name } when name != column.Name => throw Different(column.Name, $"is spelled '{name}' in the rows to come. Rename it in the select."),
            { Type: var type } when type == column.Type || TypeWidening.Allows(type, column.Type) => column,
            { Type: var type } when !TypeWidening.Allows(column.Type, type) =>
                throw Different(column.Name, $"is {column.Type} in the table and {type} in the rows to come, which is no widening ({TypeWidening.Rules}). Cast it in the select, or overwrite the table."),
            { Type: var type } when !widen =>
                throw Different(column.Name, $"is {column.Type} in the table and {type}, which is wider, in the rows to come. Ask for widening, which writes the table's files anew, or cast it in the select."),
            { Type: var type } => column with { Type = type },
        };

        TerminalException Different(string column, string difference) => new($"The column '{column}' of the table {root} {difference}");
        return new DeltaSchema { Fields = [.. table.Fields.Select(Common), .. rows.Fields.Where(column => table.Find(column.Name) is null)] };
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
