using System.Text;
using System.Text.Json;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>SQL that has been found to be one expression over the columns of one row: no subquery, no window, no clock.</summary>
public sealed record ScalarExpression
{
    private ScalarExpression()
    {
    }

    /// <summary>In parentheses, to be put wherever an expression may stand; a line comment in it ends within them.</summary>
    public required string Sql { get; init; }

    /// <summary>The columns it refers to, each once, as it spells them: of <c>a.b</c>, the field of a STRUCT, <c>a</c>. The caller holds them against those that exist:
    /// a name that is no column may be taken by DuckDB for a function without parentheses.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>Checks <paramref name="expression"/> without binding it: its columns need not exist.</summary>
    /// <param name="session">Any session, locked down or not; must not be reading a result.</param>
    /// <param name="allowAggregates">Lets <c>sum(x)</c> and the like pass, as metrics need it.</param>
    /// <param name="boundSizes">As for <see cref="SelectStatement.Parse"/>: for expressions of strangers.</param>
    /// <inheritdoc cref="SelectStatement.Parse" path="/exception"/>
    public static ScalarExpression Parse(DuckDbSession session, string expression, bool allowAggregates = false, bool boundSizes = false)
    {
        // As a whole statement it shows every clause that it smuggles in; in parentheses it is what will be run.
        using (var bare = SelectStatement.Serialize(session, Prefix + expression))
        {
            CheckAlone(SelectStatement.OnlyStatement(bare, Prefix + expression), expression);
        }

        var enclosed = $"({expression}\n)";
        using var json = SelectStatement.Serialize(session, Prefix + enclosed);
        var item = CheckAlone(SelectStatement.OnlyStatement(json, Prefix + enclosed), expression);
        var tree = new StatementTree(enclosed, Encoding.UTF8.GetByteCount(Prefix), new GateRules { Aggregates = allowAggregates ? null : session.AggregateNames, AnySize = !boundSizes });
        tree.Walk(item, Scope.Outermost);
        return new ScalarExpression { Sql = enclosed, Columns = tree.Columns };
    }

    private const string Prefix = "SELECT ";

    private static JsonElement CheckAlone(JsonElement statement, string expression)
    {
        var node = statement.GetProperty("node");
        var plain = StatementTree.Text(node, "type") == "SELECT_NODE"
            && node.GetProperty("select_list").GetArrayLength() == 1
            && StatementTree.Text(node.GetProperty("from_table"), "type") == "EMPTY"
            && !node.TryGetProperty("where_clause", out _)
            && !node.TryGetProperty("having", out _)
            && !node.TryGetProperty("qualify", out _)
            && !node.TryGetProperty("sample", out _)
            && IsEmpty(node, "group_expressions")
            && IsEmpty(node, "group_sets")
            && IsEmpty(node, "modifiers")
            && StatementTree.Text(node, "aggregate_handling") == "STANDARD_HANDLING"
            && StatementTree.Text(node.GetProperty("select_list")[0], "alias") is null or "";
        return plain
            ? node.GetProperty("select_list")[0]
            : throw new DuckDbException(DuckDbErrorKind.Syntax, $"One expression was expected, found: {expression}");
    }

    private static bool IsEmpty(JsonElement node, string list) => !node.TryGetProperty(list, out var found) || found.GetArrayLength() == 0;
}
