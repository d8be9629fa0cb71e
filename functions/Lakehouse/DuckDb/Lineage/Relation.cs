namespace Pipeline.Lakehouse.DuckDb.Lineage;

/// <summary>A column of a relation; the name is empty where only DuckDB knows how it names the expression.</summary>
internal sealed record NamedFlow(string Name, Flow Value);

/// <summary>Rows with columns: a table, or what a query gives.</summary>
internal sealed record Relation
{
    /// <summary>The name that qualifies its columns, folded.</summary>
    public string Alias { get; init; } = "";

    /// <summary>The schema that may stand before the name; folded.</summary>
    public string? Schema { get; init; }

    public required IReadOnlyList<NamedFlow> Columns { get; init; }

    /// <summary>Where a column comes from that is not among <see cref="Columns"/>; null: there is no other.</summary>
    public Func<string, Flow>? Others { get; init; }

    /// <summary>What its rows depend on; every use is an indirect one.</summary>
    public Flow Rows { get; init; } = Flow.None;

    public bool Has(string name) => Columns.Any(column => FunctionRules.Fold(column.Name) == FunctionRules.Fold(name));

    /// <summary>Where a column comes from; null: it has none of that name.</summary>
    public Flow? Find(string name)
    {
        var found = Columns.Where(column => FunctionRules.Fold(column.Name) == FunctionRules.Fold(name)).Take(2).ToList();
        return found.Count switch
        {
            1 => found[0].Value,
            0 => Others?.Invoke(name),
            _ => Flow.Unknown,
        };
    }

    /// <summary>A row as one value.</summary>
    public Flow Whole() => Others is null ? Flow.Of(Columns.Select(column => column.Value)).As(ColumnUse.Transformation) : Flow.Unknown;

    /// <summary>The relation under another name, the first columns too.</summary>
    public Relation Named(string alias, string? schema, IReadOnlyList<string> names) => this with
    {
        Alias = FunctionRules.Fold(alias),
        Schema = schema is null ? null : FunctionRules.Fold(schema),
        Columns = names.Count == 0
            ? Columns
            : Others is null
                ? [.. Columns.Select((column, index) => index < names.Count ? column with { Name = names[index] } : column)]
                : [.. names.Select(name => new NamedFlow(name, Flow.Unknown)), .. Columns.Skip(names.Count)],
    };
}
