using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>Walks the tree that <c>json_serialize_sql</c> makes of a statement. Kinds of nodes that are not known to be harmless are refused.</summary>
internal sealed class StatementTree(string sql, int prefixBytes, GateRules rules)
{
    private static readonly FrozenSet<string> KnownExpressions = FrozenSet.Create("BETWEEN", "CASE", "CAST", "COLLATE", "COMPARISON", "CONJUNCTION", "OPERATOR", "TYPE");

    private static readonly FrozenSet<string> KnownNodes = FrozenSet.Create("SELECT_NODE", "SET_OPERATION_NODE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SUBQUERY",
        "DISTINCT_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "LEGACY_LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER",
        "ORDER_DEFAULT", "ASCENDING", "DESCENDING");

    private static readonly SearchValues<char> FileCharacters = SearchValues.Create(".:/\\*?[");

    private readonly List<TableName> tables = [];
    private readonly List<string> columns = [];

    /// <summary>Tables read, each once, in order of appearance.</summary>
    public IReadOnlyList<TableName> Tables => tables;

    /// <summary>First parts of the column names, each once, in order of appearance.</summary>
    public IReadOnlyList<string> Columns => columns;

    public void Walk(JsonElement element, Scope scope)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray())
            {
                Walk(item, scope);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            if (Text(element, "class") is { } expressionClass)
            {
                WalkExpression(element, expressionClass, scope);
            }
            else if (Text(element, "type") is { } type)
            {
                WalkNode(element, type, scope);
            }
            else
            {
                WalkChildren(element, scope);
            }
        }
    }

    public DuckDbException Refusal(string what, JsonElement at)
    {
        int? position = at.TryGetProperty("query_location", out var found) && found.TryGetUInt64(out var offset) && offset <= int.MaxValue
            ? DuckDbException.CharacterAt(sql, (int)offset - prefixBytes)
            : null;
        return new DuckDbException(DuckDbErrorKind.Permission, position is null ? $"Refused: {what}." : $"Refused at character {position + 1}: {what}.", position);
    }

    public static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString() : null;

    private void WalkExpression(JsonElement expression, string expressionClass, Scope scope)
    {
        switch (expressionClass)
        {
            case "CONSTANT":
                return;
            case "COLUMN_REF":
                VisitColumn(expression, scope);
                return;
            case "LAMBDA":
                var inner = expression.TryGetProperty("lhs", out var parameters) ? scope.WithParameters(ParameterNames(parameters)) : scope;
                Walk(expression.GetProperty("expr"), inner);
                return;
            case "FUNCTION":
                VisitFunction(expression);
                break;
            case "SUBQUERY" when rules.Subqueries:
            case "WINDOW" when rules.Windows:
            case "STAR" or "PARAMETER" or "POSITIONAL_REFERENCE" when rules.StatementParts:
                break;
            default:
                if (!KnownExpressions.Contains(expressionClass))
                {
                    throw Refusal($"an expression may not hold this ({expressionClass.ToLowerInvariant().Replace('_', ' ')})", expression);
                }

                break;
        }

        WalkChildren(expression, scope);
    }

    private void WalkNode(JsonElement node, string type, Scope scope)
    {
        switch (type)
        {
            case "BASE_TABLE":
                VisitTable(node, scope);
                break;
            case "TABLE_FUNCTION":
                VisitTableFunction(node);
                break;
            case "RECURSIVE_CTE_NODE":
                Walk(node.GetProperty("left"), scope);
                Walk(node.GetProperty("right"), scope.WithRecursion(Text(node, "cte_name") ?? ""));
                return;
            default:
                if (!KnownNodes.Contains(type) && !type.EndsWith("_TYPE_INFO", StringComparison.Ordinal))
                {
                    throw Refusal($"only plain SELECTs can be checked ({type.ToLowerInvariant().Replace('_', ' ')})", node);
                }

                break;
        }

        if (!rules.Clock && node.TryGetProperty("sample", out _))
        {
            throw Refusal("a sample gives other rows in every run", node);
        }

        WalkChildren(node, node.TryGetProperty("cte_map", out var named) ? WalkNamed(named, node, scope) : scope);
    }

    /// <summary>Each common table expression sees the ones before it, not itself.</summary>
    private Scope WalkNamed(JsonElement named, JsonElement owner, Scope scope)
    {
        if (named.TryGetProperty("map", out var entries))
        {
            foreach (var entry in entries.EnumerateArray())
            {
                Walk(entry.GetProperty("value"), scope);
                var name = Text(entry, "key") ?? "";
                scope = scope.Sees(name)
                    ? throw Refusal($"the name {name} is given to two common table expressions, one within the other's reach; rename one", owner)
                    : scope.WithTable(name);
            }
        }

        return scope;
    }

    private void WalkChildren(JsonElement element, Scope scope)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (property.Name is not ("cte_map" or "sample"))
            {
                Walk(property.Value, scope);
            }
        }
    }

    private void VisitTable(JsonElement node, Scope scope)
    {
        var table = new TableName(Text(node, "schema_name") is { Length: > 0 } schema ? schema : null, Text(node, "table_name") ?? "");
        if (Text(node, "catalog_name") is { Length: > 0 } catalog)
        {
            throw Refusal($"{catalog}.{table} names a database; write schema.table", node);
        }

        if (table.Name.AsSpan().ContainsAny(FileCharacters))
        {
            throw Refusal($"'{table}' is a file or an address, not a table", node);
        }

        if (!scope.Hides(table) && !tables.Contains(table))
        {
            tables.Add(table);
        }
    }

    private void VisitTableFunction(JsonElement node)
    {
        var function = node.GetProperty("function");
        var name = Text(function, "function_name") ?? "";
        if (!rules.TableFunctions && !FunctionRules.HarmlessTableFunctions.Contains(FunctionRules.Fold(name)))
        {
            throw Refusal($"the table function {name} reads more than tables; name the tables", node);
        }
    }

    private void VisitFunction(JsonElement function)
    {
        var name = FunctionRules.Fold(Text(function, "function_name") ?? "");
        if (FunctionRules.Refused.Contains(name))
        {
            throw Refusal($"the function {name} tells or changes more than a query may", function);
        }

        // age(x) is age(current_date, x)
        if (!rules.Clock && (FunctionRules.Unrepeatable.Contains(name) || (name == "age" && function.GetProperty("children").GetArrayLength() == 1)))
        {
            throw Refusal($"{name}() gives another value in every run; use run_time", function);
        }

        if (!rules.AnySize && FunctionRules.Sized.TryGetValue(name, out var argument) && !IsBounded(function, argument))
        {
            throw Refusal($"{name} needs a length of at most {FunctionRules.LimitSize}, written out", function);
        }

        if (rules.Aggregates?.Contains(name) == true)
        {
            throw Refusal($"the expression is taken row by row, and {name} is an aggregate", function);
        }

        if (!rules.StatementParts && name == "unnest")
        {
            throw Refusal("unnest makes several rows of one", function);
        }
    }

    private void VisitColumn(JsonElement column, Scope scope)
    {
        var names = column.GetProperty("column_names");
        var first = names[0].GetString() ?? "";
        var folded = FunctionRules.Fold(first);
        if (scope.Parameters.Contains(folded))
        {
            return;
        }

        // A name that is no column becomes the function of that name: current_date and its kin need no parentheses.
        if (!rules.Clock && names.GetArrayLength() == 1 && FunctionRules.Unrepeatable.Contains(folded))
        {
            throw Refusal($"{first} gives another value in every run; use run_time", column);
        }

        if (!columns.Contains(first))
        {
            columns.Add(first);
        }
    }

    private static bool IsBounded(JsonElement function, int argument)
    {
        var arguments = function.GetProperty("children").EnumerateArray().ToArray();
        return argument < 0 ? arguments.All(IsSmall) : argument < arguments.Length && IsSmall(arguments[argument]);
    }

    private static bool IsSmall(JsonElement argument) => Text(argument, "class") == "CONSTANT"
        && argument.GetProperty("value").TryGetProperty("value", out var value)
        && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt64(out var size)
        && size is >= 0 and <= FunctionRules.LimitSize;

    /// <summary>One name, or several as <c>row(a, b)</c>.</summary>
    public static IEnumerable<string> ParameterNames(JsonElement parameters) => Text(parameters, "class") == "COLUMN_REF"
        ? parameters.GetProperty("column_names").EnumerateArray().Select(name => name.GetString() ?? "")
        : parameters.TryGetProperty("children", out var several) ? several.EnumerateArray().SelectMany(ParameterNames) : [];
}
