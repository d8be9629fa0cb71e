using System.Text.Json;

namespace Pipeline.Lakehouse.DuckDb.Lineage;

/// <content>Expressions, and how the tree is read.</content>
internal sealed partial class QueryFlow
{
    private Flow Expression(JsonElement expression, NameScope scope, CommonTables tables)
    {
        switch (StatementTree.Text(expression, "class"))
        {
            case "CONSTANT" or "PARAMETER" or "TYPE":
                return Flow.None;
            case "COLUMN_REF":
                return scope.Resolve(Names(expression, "column_names"));
            case "POSITIONAL_REFERENCE":
                return Place(expression, scope.Star());
            case "CAST" or "COLLATE":
                return Part(expression, "child", ColumnUse.Transformation, scope, tables);
            case "COMPARISON":
                return Parts(expression, ColumnUse.Transformation, scope, tables, "left", "right");
            case "BETWEEN":
                return Parts(expression, ColumnUse.Transformation, scope, tables, "input", "lower", "upper");
            case "CONJUNCTION" or "OPERATOR":
                return Parts(expression, ColumnUse.Transformation, scope, tables, "children");
            case "FUNCTION":
                var use = aggregates.Contains(FunctionRules.Fold(Text(expression, "function_name"))) ? ColumnUse.Aggregation : ColumnUse.Transformation;
                var order = expression.TryGetProperty("order_bys", out var orders) ? Parts(orders, ColumnUse.Sort, scope, tables, "orders") : Flow.None;
                return Parts(expression, use, scope, tables, "children").And(Part(expression, "filter", ColumnUse.Filter, scope, tables)).And(order);
            case "WINDOW":
                return Window(expression, scope, tables);
            case "CASE":
                var checks = Items(expression, "case_checks").ToList();
                return Flow.Of(checks.Select(check => Part(check, "when_expr", ColumnUse.Conditional, scope, tables)))
                    .And(Flow.Of(checks.Select(check => Part(check, "then_expr", ColumnUse.Transformation, scope, tables))))
                    .And(Part(expression, "else_expr", ColumnUse.Transformation, scope, tables));
            case "LAMBDA":
                // What a parameter stands for is an argument beside the lambda.
                var parameters = expression.TryGetProperty("lhs", out var left) ? StatementTree.ParameterNames(left).Select(FunctionRules.Fold) : [];
                return Part(expression, "expr", ColumnUse.Transformation, new NameScope { Outer = scope, Parameters = [.. parameters] }, tables);
            case "SUBQUERY":
                return Subquery(expression, scope, tables);
            default:
                return Flow.Unknown;
        }
    }

    private Flow Window(JsonElement window, NameScope scope, CommonTables tables) =>
        Parts(window, Text(window, "type") == "WINDOW_AGGREGATE" ? ColumnUse.Aggregation : ColumnUse.Transformation, scope, tables, "children")
            .And(Parts(window, ColumnUse.Transformation, scope, tables, "offset_expr", "default_expr"))
            .And(Parts(window, ColumnUse.Window, scope, tables, "partitions", "orders", "start_expr", "end_expr"))
            .And(Parts(window, ColumnUse.Filter, scope, tables, "filter_expr"))
            .And(Parts(window, ColumnUse.Sort, scope, tables, "arg_orders"));

    private Flow Subquery(JsonElement expression, NameScope scope, CommonTables tables)
    {
        var result = Query(expression.GetProperty("subquery").GetProperty("node"), tables, scope);
        return Text(expression, "subquery_type") switch
        {
            "EXISTS" or "NOT_EXISTS" => result.Rows,
            "SCALAR" => (result is { Others: null, Columns: [var only] } ? only.Value : Flow.Unknown).And(result.Rows),
            _ => All(result).As(ColumnUse.Transformation).And(Part(expression, "child", ColumnUse.Transformation, scope, tables)).And(result.Rows),
        };
    }

    private static Flow Place(JsonElement reference, Relation star) =>
        star.Others is null && reference.GetProperty("index").TryGetInt32(out var place) && place >= 1 && place <= star.Columns.Count ? star.Columns[place - 1].Value : Flow.Unknown;

    private Flow Parts(JsonElement owner, ColumnUse use, NameScope scope, CommonTables tables, params ReadOnlySpan<string> names)
    {
        var all = Flow.None;
        foreach (var name in names)
        {
            all = all.And(Part(owner, name, use, scope, tables));
        }

        return all;
    }

    /// <summary>An expression, a list of them, or what is sorted by.</summary>
    private Flow Part(JsonElement owner, string name, ColumnUse use, NameScope scope, CommonTables tables)
    {
        if (!owner.TryGetProperty(name, out var part))
        {
            return Flow.None;
        }

        var expressions = part.ValueKind == JsonValueKind.Array ? part.EnumerateArray() : new[] { part }.AsEnumerable();
        return Flow.Of(expressions.Select(item => Expression(item.TryGetProperty("expression", out var sorted) ? sorted : item, scope, tables))).As(use);
    }

    private bool IsAggregateOrWindow(JsonElement expression) => StatementTree.Text(expression, "class") == "WINDOW"
        || (StatementTree.Text(expression, "class") == "FUNCTION" && aggregates.Contains(FunctionRules.Fold(Text(expression, "function_name"))));

    private static bool IsStar(JsonElement expression) => StatementTree.Text(expression, "class") == "STAR"
        || (StatementTree.Text(expression, "class") == "FUNCTION" && FunctionRules.Fold(Text(expression, "function_name")) == "columns");

    /// <summary>Whether an expression holds one of a kind, those of its subqueries apart.</summary>
    private static bool Holds(JsonElement element, Func<JsonElement, bool> kind) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().Any(item => Holds(item, kind)),
        JsonValueKind.Object => kind(element) || (StatementTree.Text(element, "class") != "SUBQUERY" && element.EnumerateObject().Any(property => Holds(property.Value, kind))),
        _ => false,
    };

    private static string Text(JsonElement element, string property) => StatementTree.Text(element, property) ?? "";

    private static IEnumerable<JsonElement> Items(JsonElement element, string list) =>
        element.TryGetProperty(list, out var found) && found.ValueKind == JsonValueKind.Array ? found.EnumerateArray() : [];

    private static IReadOnlyList<string> Names(JsonElement element, string list) => [.. Items(element, list).Select(name => name.GetString() ?? "")];
}
