using System.Collections.Immutable;

namespace Pipeline.Lakehouse.DuckDb.Lineage;

/// <summary>The common table expressions in sight, by folded name.</summary>
internal sealed record CommonTables(ImmutableDictionary<string, Relation> Tables)
{
    public static readonly CommonTables None = new(ImmutableDictionary<string, Relation>.Empty);

    public CommonTables With(string name, Relation table) => new(Tables.SetItem(FunctionRules.Fold(name), table));

    /// <summary>What the name stands for, if it is none of a table; <c>recurring.x</c> is what a recursion has so far.</summary>
    public Relation? Find(TableName name) => name.Schema is null || FunctionRules.Fold(name.Schema) == "recurring" ? Tables.GetValueOrDefault(FunctionRules.Fold(name.Name)) : null;
}
