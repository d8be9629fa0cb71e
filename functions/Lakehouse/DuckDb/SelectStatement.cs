using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>SQL that has been found to be one SELECT that reads tables, and nothing else.</summary>
public sealed partial record SelectStatement
{
    /// <summary>Longer texts are refused: binding them takes seconds that no interrupt can stop.</summary>
    public const int LimitCharacters = 100_000;

    /// <summary>DuckDB's parser stops at 1,000 levels of expressions, each of which is a few levels of JSON.</summary>
    internal static readonly JsonDocumentOptions TreeOptions = new() { MaxDepth = 4096 };

    private SelectStatement()
    {
    }

    /// <summary>The text as it was given.</summary>
    public required string Sql { get; init; }

    /// <summary>The tables it reads, each once, as it names them; common table expressions are none.</summary>
    public required IReadOnlyList<TableName> Tables { get; init; }

    /// <summary>Checks <paramref name="sql"/> without binding or running it: its tables need not exist.</summary>
    /// <param name="session">Any session, locked down or not; must not be reading a result.</param>
    /// <param name="allowTableFunctions">Lets <c>read_csv</c>, <c>glob</c>, <c>query</c> … pass; else only those that make rows from their arguments.</param>
    /// <param name="forbidClock">Refuses what gives another value in another run: clocks, random numbers and ids, samples.</param>
    /// <param name="boundSizes">Asks for a whole number up to 10,000, written out, where a function is told how long a text or list to make: memory limits do not
    /// hold within a single value.</param>
    /// <param name="mayRead">Which tables it may read; null: any, and the caller looks at <see cref="Tables"/>.</param>
    /// <exception cref="DuckDbException">It does not parse (<see cref="DuckDbErrorKind.Parser"/>), is not one SELECT (<see cref="DuckDbErrorKind.Syntax"/>),
    /// or holds what it may not (<see cref="DuckDbErrorKind.Permission"/>).</exception>
    public static SelectStatement Parse(
        DuckDbSession session, string sql, bool allowTableFunctions = false, bool forbidClock = false, bool boundSizes = false, Func<TableName, bool>? mayRead = null)
    {
        using var json = Serialize(session, sql);
        var tree = new StatementTree(sql, prefixBytes: 0, new GateRules
        {
            TableFunctions = allowTableFunctions,
            Clock = !forbidClock,
            AnySize = !boundSizes,
            Subqueries = true,
            Windows = true,
            StatementParts = true,
        });
        tree.Walk(OnlyStatement(json, sql).GetProperty("node"), Scope.Outermost);
        foreach (var table in tree.Tables)
        {
            if (mayRead?.Invoke(table) == false)
            {
                throw new DuckDbException(DuckDbErrorKind.Permission, $"Refused: the query reads {table}, which is not among its tables.");
            }
        }

        return new SelectStatement { Sql = sql, Tables = tree.Tables };
    }

    internal static JsonDocument Serialize(DuckDbSession session, string sql)
    {
        if (sql.Length > LimitCharacters)
        {
            throw new DuckDbException(DuckDbErrorKind.Syntax, $"The SQL text is {sql.Length} characters long; at most {LimitCharacters} are taken.");
        }

        using var result = session.Query("SELECT json_serialize_sql($1::VARCHAR, skip_null := true)", [DuckDb.Sql.Whole(sql)]);
        var text = result.Read() ? result.Get<string>(0) : null;
        try
        {
            return JsonDocument.Parse(text ?? "{}", TreeOptions);
        }
        catch (JsonException deep)
        {
            throw new DuckDbException(DuckDbErrorKind.Syntax, "The SQL is nested too deeply; split it into several queries.", innerException: deep);
        }
    }

    internal static JsonElement OnlyStatement(JsonDocument json, string sql)
    {
        var root = json.RootElement;
        if (root.GetProperty("error").GetBoolean())
        {
            throw StatementTree.Text(root, "error_type") == "parser"
                ? new DuckDbException(DuckDbErrorKind.Parser, $"Parser error: {StatementTree.Text(root, "error_message")}", DuckDbException.PositionIn(root, sql))
                : new DuckDbException(DuckDbErrorKind.Syntax, $"One SELECT was expected, found a statement that starts with {FirstWord().Match(sql).Value.ToUpperInvariant()}.");
        }

        var statements = root.GetProperty("statements");
        return statements.GetArrayLength() == 1
            ? statements[0]
            : throw new DuckDbException(DuckDbErrorKind.Syntax, $"One SELECT was expected, {statements.GetArrayLength()} statements were found.");
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex FirstWord();
}
