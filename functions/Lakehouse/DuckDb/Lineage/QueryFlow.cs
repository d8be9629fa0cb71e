using System.Text.Json;

namespace Pipeline.Lakehouse.DuckDb.Lineage;

/// <summary>Follows values through the tree that <c>json_serialize_sql</c> makes of a query. Nodes it does not know give what cannot be told.</summary>
internal sealed partial class QueryFlow(IReadOnlySet<string> aggregates, Func<TableName, IReadOnlyList<string>?> columnsOf)
{
    /// <summary>What a query gives.</summary>
    /// <param name="node">The query's node.</param>
    /// <param name="tables">The common table expressions in sight.</param>
    /// <param name="outer">What it sees of the query around; null: there is none.</param>
    public Relation Query(JsonElement node, CommonTables tables, NameScope? outer)
    {
        var seen = WithNamed(node, tables, outer);
        return StatementTree.Text(node, "type") switch
        {
            "SELECT_NODE" => Select(node, seen, outer),
            "SET_OPERATION_NODE" => SetOperation(node, seen, outer),
            "RECURSIVE_CTE_NODE" => Recursion(node, seen, outer),
            _ => Unknown,
        };
    }

    private static Relation Unknown { get; } = new() { Columns = [], Others = _ => Flow.Unknown, Rows = Flow.Unknown };

    private CommonTables WithNamed(JsonElement node, CommonTables tables, NameScope? outer)
    {
        foreach (var entry in node.TryGetProperty("cte_map", out var named) ? Items(named, "map") : [])
        {
            var value = entry.GetProperty("value");
            var result = Query(value.GetProperty("query").GetProperty("node"), tables, outer);
            tables = tables.With(Text(entry, "key"), result.Named("", null, Names(value, "aliases")));
        }

        return tables;
    }

    private Relation Select(JsonElement node, CommonTables tables, NameScope? outer)
    {
        var from = From(node.GetProperty("from_table"), tables, outer);
        var list = Items(node, "select_list").ToList();
        var memory = new Dictionary<string, Flow?>();
        var scope = new NameScope { Outer = outer, Relations = from.Relations, Merged = from.Merged };
        var all = scope with { Alias = name => AliasIn(list, list.Count, name, scope, tables, memory) };
        var items = list.Select((item, index) => Item(item, scope with { Alias = name => AliasIn(list, index, name, scope, tables, []) }, tables)).ToList();
        var result = Together(items);

        var rows = new List<Flow> { from.Rows, Part(node, "where_clause", ColumnUse.Filter, all, tables), Part(node, "having", ColumnUse.Filter, all, tables), Part(node, "qualify", ColumnUse.Filter, all, tables) };
        rows.AddRange(Items(node, "group_expressions").Select(group => (Ordinal(group, result) ?? Expression(group, all, tables)).As(ColumnUse.GroupBy)));
        if (StatementTree.Text(node, "aggregate_handling") == "FORCE_AGGREGATES")
        {
            rows.AddRange(list.Zip(items).Where(pair => !Holds(pair.First, IsAggregateOrWindow)).Select(pair => All(pair.Second).As(ColumnUse.GroupBy)));
        }

        rows.AddRange(Modifiers(node, result, all, tables));
        return result with { Rows = Flow.Of(rows) };
    }

    // Of the aliases before an item, what one stands for. DuckDB looks for a column first, so an alias may hide behind an equal name.
    private Flow? AliasIn(IReadOnlyList<JsonElement> list, int before, string name, NameScope scope, CommonTables tables, Dictionary<string, Flow?> memory)
    {
        var folded = FunctionRules.Fold(name);
        if (!memory.TryGetValue(folded, out var known))
        {
            var index = list.Take(before).Select((item, at) => (item, at)).Where(pair => FunctionRules.Fold(Text(pair.item, "alias")) == folded).Select(pair => pair.at).DefaultIfEmpty(-1).First();
            memory[folded] = known = index < 0 ? null : Expression(list[index], scope with { Alias = inner => AliasIn(list, index, inner, scope, tables, memory) }, tables);
        }

        return known;
    }

    /// <summary>The columns that one item of a select list gives.</summary>
    private Relation Item(JsonElement item, NameScope scope, CommonTables tables)
    {
        var alias = Text(item, "alias");
        if (StatementTree.Text(item, "class") == "STAR")
        {
            return Star(item, scope, tables);
        }

        if (Holds(item, IsStar))
        {
            return Unknown with { Rows = Flow.None };
        }

        var value = Expression(item, scope, tables);
        if (alias.Length == 0 && StatementTree.Text(item, "class") == "FUNCTION" && FunctionRules.Fold(Text(item, "function_name")) == "unnest")
        {
            // A struct gives a column for each of its fields.
            return new Relation { Columns = [], Others = _ => value };
        }

        var name = alias.Length == 0 && StatementTree.Text(item, "class") == "COLUMN_REF" ? Names(item, "column_names")[^1] : alias;
        return new Relation { Columns = [new NamedFlow(name, value)] };
    }

    private Relation Star(JsonElement star, NameScope scope, CommonTables tables)
    {
        var table = Text(star, "relation_name");
        var found = table.Length == 0 ? scope.Star() : scope.Table(table) ?? Unknown;
        var excluded = Names(star, "exclude_list").Concat(Items(star, "qualified_exclude_list").Select(name => Text(name, "column"))).Select(FunctionRules.Fold).ToHashSet();
        var replaced = Items(star, "replace_list").ToDictionary(entry => FunctionRules.Fold(Text(entry, "key")), entry => Expression(entry.GetProperty("value"), scope, tables));
        var renamed = Items(star, "rename_list").ToDictionary(entry => FunctionRules.Fold(Text(entry.GetProperty("key"), "column")), entry => Text(entry, "value"));
        var columns = found.Columns.Where(column => !excluded.Contains(FunctionRules.Fold(column.Name))).Select(column =>
        {
            var name = FunctionRules.Fold(column.Name);
            return new NamedFlow(renamed.GetValueOrDefault(name, column.Name), replaced.GetValueOrDefault(name, column.Value));
        }).ToList();
        var isOpen = found.Others is not null && replaced.Count + renamed.Count == 0;

        // COLUMNS('…') takes some of them, under their own names.
        return star.TryGetProperty("expr", out _)
            ? new Relation { Columns = [], Others = name => new Relation { Columns = columns, Others = isOpen ? found.Others : null }.Find(name) ?? Flow.Unknown }
            : new Relation { Columns = columns, Others = found.Others is null ? null : isOpen ? found.Others : _ => Flow.Unknown };
    }

    private static Relation Together(IReadOnlyList<Relation> items)
    {
        var open = items.Where(item => item.Others is not null).ToList();
        return new Relation { Columns = [.. items.SelectMany(item => item.Columns)], Others = open.Count == 0 ? null : open.Count == 1 ? open[0].Others : _ => Flow.Unknown };
    }

    private Relation SetOperation(JsonElement node, CommonTables tables, NameScope? outer)
    {
        var (left, right) = (Query(node.GetProperty("left"), tables, outer), Query(node.GetProperty("right"), tables, outer));
        var kind = Text(node, "setop_type");
        var result = kind switch
        {
            "UNION" => ByPlace(left, right),
            "UNION_BY_NAME" => ByName(left, right),
            // The values are those of the left; the right decides which stay.
            "EXCEPT" or "INTERSECT" => left with { Rows = left.Rows.And(right.Rows).And(All(right).As(ColumnUse.Filter)) },
            _ => Unknown,
        };
        var keepsAll = node.TryGetProperty("setop_all", out var every) && every.ValueKind == JsonValueKind.True;
        var distinct = keepsAll ? Flow.None : All(result).As(ColumnUse.GroupBy);
        var scope = new NameScope { Outer = outer, Relations = [result] };
        return result with { Rows = Flow.Of([result.Rows, distinct, .. Modifiers(node, result, scope, tables)]) };
    }

    private static Relation ByPlace(Relation left, Relation right)
    {
        var rows = left.Rows.And(right.Rows);
        return left.Others is null && right.Others is null && left.Columns.Count == right.Columns.Count
            ? new Relation { Columns = [.. left.Columns.Zip(right.Columns, (l, r) => l with { Value = l.Value.And(r.Value) })], Rows = rows }
            : Unknown with { Rows = rows };
    }

    private static Relation ByName(Relation left, Relation right)
    {
        var rows = left.Rows.And(right.Rows);
        return left.Others is null && right.Others is null
            ? new Relation
            {
                Columns = [.. left.Columns.Select(l => l with { Value = l.Value.And(right.Find(l.Name) ?? Flow.None) }), .. right.Columns.Where(r => !left.Has(r.Name))],
                Rows = rows,
            }
            : Unknown with { Rows = rows };
    }

    // A round adds what the recursion reads of itself; origins are finite, so it comes to rest.
    private Relation Recursion(JsonElement node, CommonTables tables, NameScope? outer)
    {
        var name = Text(node, "cte_name");
        var aliases = Names(node, "aliases");
        var result = Query(node.GetProperty("left"), tables, outer).Named("", null, aliases);
        while (true)
        {
            var next = ByPlace(result, Query(node.GetProperty("right"), tables.With(name, result), outer));
            if (next.Others is not null || (next.Rows.IsSame(result.Rows) && next.Columns.Zip(result.Columns).All(pair => pair.First.Value.IsSame(pair.Second.Value))))
            {
                var distinct = node.TryGetProperty("union_all", out var every) && every.ValueKind == JsonValueKind.True ? Flow.None : All(next).As(ColumnUse.GroupBy);
                return next with { Rows = next.Rows.And(distinct) };
            }

            result = next;
        }
    }

    private IEnumerable<Flow> Modifiers(JsonElement node, Relation result, NameScope scope, CommonTables tables)
    {
        foreach (var modifier in Items(node, "modifiers"))
        {
            switch (Text(modifier, "type"))
            {
                case "ORDER_MODIFIER":
                    foreach (var order in Items(modifier, "orders").Select(order => order.GetProperty("expression")))
                    {
                        yield return (Output(order, result) ?? Expression(order, scope, tables)).As(ColumnUse.Sort);
                    }

                    break;
                case "DISTINCT_MODIFIER":
                    var targets = Items(modifier, "distinct_on_targets").ToList();
                    yield return (targets.Count == 0 ? All(result) : Flow.Of(targets.Select(target => Output(target, result) ?? Expression(target, scope, tables)))).As(ColumnUse.GroupBy);
                    break;
                default:
                    yield return Part(modifier, "limit", ColumnUse.Filter, scope, tables).And(Part(modifier, "offset", ColumnUse.Filter, scope, tables));
                    break;
            }
        }
    }

    // ORDER BY takes a number or a lone name for a column of the result, before any other.
    private static Flow? Output(JsonElement expression, Relation result)
    {
        if (StatementTree.Text(expression, "class") == "STAR")
        {
            return All(result);
        }

        return StatementTree.Text(expression, "class") == "COLUMN_REF" && Names(expression, "column_names") is [var name] && result.Has(name) ? result.Find(name) : Ordinal(expression, result);
    }

    private static Flow? Ordinal(JsonElement expression, Relation result)
    {
        var isNumber = StatementTree.Text(expression, "class") == "CONSTANT" && expression.GetProperty("value").TryGetProperty("value", out var value) && value.ValueKind == JsonValueKind.Number;
        if (!isNumber)
        {
            return null;
        }

        return result.Others is null && expression.GetProperty("value").GetProperty("value").TryGetInt32(out var place) && place >= 1 && place <= result.Columns.Count
            ? result.Columns[place - 1].Value
            : Flow.Unknown;
    }

    private static Flow All(Relation relation) => Flow.Of(relation.Columns.Select(column => column.Value)).And(relation.Others is null ? Flow.None : Flow.Unknown);
}
