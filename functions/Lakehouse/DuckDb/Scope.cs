using System.Collections.Immutable;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Names that mean something else than a table or column at a place in a statement; all folded.</summary>
internal sealed record Scope
{
    public static readonly Scope Outermost = new();

    private readonly ImmutableHashSet<string> tables = [];
    private readonly ImmutableHashSet<string> recursions = [];

    /// <summary>Of the lambdas around the place.</summary>
    public ImmutableHashSet<string> Parameters { get; private init; } = [];

    private Scope()
    {
    }

    private Scope(Scope outer, ImmutableHashSet<string> tables, ImmutableHashSet<string> recursions)
        : this(outer)
    {
        this.tables = tables;
        this.recursions = recursions;
    }

    public Scope WithTable(string name) => new(this, tables.Add(FunctionRules.Fold(name)), recursions);

    public Scope WithRecursion(string name) => new(this, tables.Add(FunctionRules.Fold(name)), recursions.Add(FunctionRules.Fold(name)));

    public Scope WithParameters(IEnumerable<string> names) => this with { Parameters = Parameters.Union(names.Select(FunctionRules.Fold)) };

    public bool Sees(string name) => tables.Contains(FunctionRules.Fold(name));

    /// <summary>Whether the name is a common table expression here, not a table: <c>recurring.x</c> is what a recursion has so far.</summary>
    public bool Hides(TableName table) => table.Schema is null
        ? Sees(table.Name)
        : FunctionRules.Fold(table.Schema) == "recurring" && recursions.Contains(FunctionRules.Fold(table.Name));
}
