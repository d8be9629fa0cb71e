using System.Collections.Immutable;
using System.Text.Json;

namespace Pipeline.Lakehouse.DuckDb.Lineage;

/// <content>What stands behind FROM.</content>
internal sealed partial class QueryFlow
{
    private sealed record Source(IReadOnlyList<Relation> Relations)
    {
        public ImmutableDictionary<string, Flow> Merged { get; init; } = ImmutableDictionary<string, Flow>.Empty;

        public Flow Rows { get; init; } = Flow.None;

        public static Source Of(Relation relation) => new([relation]) { Rows = relation.Rows };

        public NameScope Scope(NameScope? outer) => new() { Outer = outer, Relations = Relations, Merged = Merged };
    }

    private Source From(JsonElement node, CommonTables tables, NameScope? outer)
    {
        var alias = Text(node, "alias");
        var names = Names(node, "column_name_alias");
        switch (Text(node, "type"))
        {
            case "EMPTY":
                return new Source([]);
            case "BASE_TABLE":
                return Source.Of(Table(node, tables, alias, names));
            case "SUBQUERY":
                return Source.Of(Query(node.GetProperty("subquery").GetProperty("node"), tables, outer).Named(alias, null, names));
            case "EXPRESSION_LIST":
                return Source.Of(Values(node, tables, outer).Named(alias, null, names));
            case "TABLE_FUNCTION":
                var arguments = Expression(node.GetProperty("function"), new NameScope { Outer = outer }, tables).As(ColumnUse.Transformation);
                return Source.Of(new Relation { Columns = [.. names.Select(name => new NamedFlow(name, arguments))], Others = _ => arguments, Alias = FunctionRules.Fold(alias) });
            case "JOIN" when alias.Length == 0:
                return Join(node, tables, outer);
            default:
                return Source.Of(Unknown with { Alias = FunctionRules.Fold(alias) });
        }
    }

    private Relation Table(JsonElement node, CommonTables tables, string alias, IReadOnlyList<string> names)
    {
        var schema = Text(node, "schema_name") is { Length: > 0 } given ? given : null;
        var table = new TableName(schema, Text(node, "table_name"));
        var shown = alias.Length == 0 ? table.Name : alias;
        if (tables.Find(table) is { } common)
        {
            return common.Named(shown, null, names);
        }

        var folded = new TableName(schema is null ? null : FunctionRules.Fold(schema), FunctionRules.Fold(table.Name));
        var known = columnsOf(folded);
        var relation = new Relation { Columns = [.. (known ?? []).Select(column => new NamedFlow(column, Flow.Of(folded, column)))], Others = known is null ? column => Flow.Of(folded, column) : null };
        return relation.Named(shown, alias.Length == 0 ? schema : null, names);
    }

    private Relation Values(JsonElement node, CommonTables tables, NameScope? outer)
    {
        var rows = Items(node, "values").Select(row => row.EnumerateArray().Select(value => Expression(value, new NameScope { Outer = outer }, tables)).ToList()).ToList();
        return new Relation { Columns = [.. Enumerable.Range(0, rows.Count == 0 ? 0 : rows[0].Count).Select(at => new NamedFlow($"col{at}", Flow.Of(rows.Select(row => row[at]))))] };
    }

    private Source Join(JsonElement node, CommonTables tables, NameScope? outer)
    {
        var left = From(node.GetProperty("left"), tables, outer);
        var right = From(node.GetProperty("right"), tables, left.Scope(outer));
        var kind = Text(node, "join_type");
        var isNatural = Text(node, "ref_type") == "NATURAL";
        var shared = isNatural ? Common(left, right) : Names(node, "using_columns");
        var merged = left.Merged.AddRange(right.Merged.Where(entry => !left.Merged.ContainsKey(entry.Key)));
        var rows = left.Rows.And(right.Rows);
        foreach (var name in shared ?? [])
        {
            var (l, r) = (left.Scope(null).Resolve([name]), right.Scope(null).Resolve([name]));
            rows = rows.And(l.And(r).As(ColumnUse.Join));
            merged = merged.SetItem(FunctionRules.Fold(name), kind switch
            {
                "RIGHT" => r,
                "FULL" or "OUTER" => l.And(r).As(ColumnUse.Transformation),
                _ => l,
            });
        }

        if (shared is null)
        {
            // A natural join of a table whose columns are not known: any name may be one column or two.
            return new Source([Unknown]) { Rows = Flow.Unknown };
        }

        var both = new Source([.. left.Relations, .. right.Relations]) { Merged = merged };
        rows = rows.And(Part(node, "condition", ColumnUse.Join, both.Scope(outer), tables));
        return kind is "SEMI" or "ANTI" ? left with { Rows = rows } : both with { Rows = rows };
    }

    /// <summary>The names that both sides have; null where that cannot be told.</summary>
    private static IReadOnlyList<string>? Common(Source left, Source right)
    {
        var (l, r) = (left.Scope(null).Star(), right.Scope(null).Star());
        return l.Others is not null || r.Others is not null ? null : [.. l.Columns.Select(column => column.Name).Where(r.Has)];
    }
}
