using Pipeline.Lakehouse.Delta;
using Pipeline.Lakehouse.DuckDb;

namespace Pipeline.Medallion.Mart.Query;

/// <summary>The columns that a question may name, of a table or of an answer.</summary>
internal sealed class MartColumns
{
    private const int Told = 30;
    private readonly Dictionary<string, MartColumn> byName;
    private readonly string where;

    private MartColumns(string where, IEnumerable<MartColumn> columns)
    {
        this.where = where;
        All = [.. columns];
        byName = All.ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>In the order of the table.</summary>
    public IReadOnlyList<MartColumn> All { get; }

    public static MartColumns Of(string table, DeltaSchema schema) => new(table, schema.Fields.Select(f => new MartColumn(f.Name, DeltaTypes.ToDuckDb(f.Type))));

    public static MartColumns Of(string what, IEnumerable<DuckDbColumn> columns) => new(what, columns.Select(c => new MartColumn(c.Name, c.Type)));

    public bool Has(string name) => byName.ContainsKey(name);

    /// <exception cref="QueryException">There is no such column.</exception>
    public MartColumn Find(string name, string use)
    {
        if (byName.TryGetValue(name, out var found))
        {
            return found;
        }

        var names = string.Join(", ", All.Take(Told).Select(c => c.Name)) + (All.Count > Told ? $" and {All.Count - Told} more" : "");
        throw new QueryException($"{use}: {where} has no column '{Echo(name)}'. It has {names}.");
    }

    /// <summary>A text of the caller's, at a length that can be shown.</summary>
    public static string Echo(string text) => text.Length > 100 ? string.Concat(text.AsSpan(0, 100), "…") : text;
}

/// <summary>A column with its DuckDB type.</summary>
internal sealed record MartColumn(string Name, string Type)
{
    public string Sql => Lakehouse.DuckDb.Sql.Identifier(Name);

    public bool IsNumber => Models.MetricEvaluator.IsNumber(Type);

    public bool IsInteger => IsNumber && Type is not ("FLOAT" or "DOUBLE") && !Type.StartsWith("DECIMAL", StringComparison.Ordinal);

    public bool IsText => Type is "VARCHAR" or "JSON" || Type.StartsWith("ENUM", StringComparison.Ordinal);

    public bool IsDate => Type == "DATE";

    public bool IsTime => Type is "TIMESTAMP WITH TIME ZONE" or "TIMESTAMP" or "TIMESTAMP_S" or "TIMESTAMP_MS" or "TIMESTAMP_NS";

    /// <summary>The type in words, for messages.</summary>
    public string Kind => IsNumber ? $"a number ({Type})" : IsText ? "text" : IsDate ? "a date" : IsTime ? "a time" : Type == "BOOLEAN" ? "true or false" : $"a {Type}";
}
