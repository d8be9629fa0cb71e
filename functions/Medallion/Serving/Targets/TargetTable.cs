using Pipeline.Lakehouse;
using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;
using Pipeline.Medallion.Definitions;

namespace Pipeline.Medallion.Serving.Targets;

/// <summary>A table of a database as serving makes it: what follows from the table that is served, and from its definition.</summary>
internal sealed record TargetTable
{
    /// <summary>The schema; null: the user's own.</summary>
    public string? Schema { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its columns.</summary>
    public required IReadOnlyList<TargetColumn> Columns { get; init; }

    /// <summary>The columns of its primary key; empty: it has none.</summary>
    public required IReadOnlyList<string> Key { get; init; }

    /// <summary>The columns of each further index.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Indexes { get; init; }

    /// <summary>What it is like, to be held against what it was.</summary>
    public TargetShape Shape => new([.. Columns.Select(c => $"{c.Name} {c.Type}")], Key, Indexes);

    /// <summary>The columns that are not in the key.</summary>
    public IEnumerable<TargetColumn> Others => Columns.Where(c => !Key.Contains(c.Name));

    /// <summary>Whether a column holds texts of a bounded length, as those of a key do.</summary>
    public bool IsText(string column) => Columns.Any(c => c.Name == column && c.Type.Contains("char", StringComparison.Ordinal));

    /// <summary>The refusal to make a target anew on which something else stands.</summary>
    public static TerminalException Standing(TargetTable table, TargetState state) => new(
        $"The columns, types, key or indexes of '{state.Schema}.{table.Name}' are to change from {state.Record?.Shape.Summary} to {table.Shape.Summary}, but something stands on the table: {state.Dependents}. Drop that, run again and create it anew; or give the served table another 'table' in pipeline.yaml.");

    /// <summary>What becomes of a served table.</summary>
    /// <exception cref="TerminalException">The definition names a column that the table does not have.</exception>
    public static TargetTable Of(ServeDefinition serve, DeltaSnapshot snapshot, ITargetDialect dialect)
    {
        var fields = snapshot.Schema.Fields;
        if (serve.Unknown([.. fields.Select(f => f.Name)]).FirstOrDefault() is { } unknown)
        {
            throw new TerminalException($"{unknown} ({serve.Line}).");
        }

        // An index has room for so many bytes: what is in one shares them.
        int Sharing(string column) => serve.Indexes.Append(serve.Key).Where(i => i.Contains(column)).Select(i => i.Count).DefaultIfEmpty(0).Max();
        var parts = serve.Target.Split('.');
        return new TargetTable
        {
            Schema = parts.Length == 1 ? null : parts[0],
            Name = parts[^1],
            Columns = [.. fields.Select(f => dialect.Map(f.Name, DeltaTypes.ToDuckDb(f.Type), Sharing(f.Name)))],
            Key = serve.Key,
            Indexes = serve.Indexes,
        };
    }
}

/// <summary>A column of a target.</summary>
/// <param name="Name">Its name, which is that of the table's column.</param>
/// <param name="Type">Its type, in the database's words.</param>
/// <param name="Select">SQL of DuckDB that gives what travels.</param>
internal sealed record TargetColumn(string Name, string Type, string Select)
{
    /// <summary>A column whose values travel as they are.</summary>
    public static TargetColumn Same(string name, string type) => new(name, type, Sql.Identifier(name));

    /// <summary>A column whose values travel as another type of DuckDB.</summary>
    public static TargetColumn Cast(string name, string type, string duckDb) => new(name, type, $"cast({Sql.Identifier(name)} as {duckDb})");

    /// <summary>A column of lists, maps or structs, whose values travel as JSON.</summary>
    public static TargetColumn AsJson(string name, string type) => new(name, type, $"to_json({Sql.Identifier(name)})::varchar");
}

/// <summary>What a target is like, to be held against what it was.</summary>
/// <param name="Columns">Its columns with their types.</param>
/// <param name="Key">Its key.</param>
/// <param name="Indexes">Its indexes.</param>
internal sealed record TargetShape(IReadOnlyList<string> Columns, IReadOnlyList<string> Key, IReadOnlyList<IReadOnlyList<string>> Indexes)
{
    /// <summary>It, for people.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Summary => $"({string.Join(", ", Columns)}; key {string.Join(", ", Key)}; indexes {string.Join("; ", Indexes.Select(i => string.Join(", ", i)))})";

    /// <summary>Whether it is the other one, or that with columns added; key and indexes are the same.</summary>
    public bool Extends(TargetShape other) => Json.Write(this with { Columns = [] }) == Json.Write(other with { Columns = [] }) && other.Columns.All(Columns.Contains);
}
