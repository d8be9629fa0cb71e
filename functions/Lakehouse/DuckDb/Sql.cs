namespace Pipeline.Lakehouse.DuckDb;

/// <summary>The one place where text becomes part of SQL.</summary>
public static class Sql
{
    /// <summary><paramref name="name"/> as a quoted identifier.</summary>
    public static string Identifier(string name) => $"\"{Whole(name).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary><paramref name="text"/> as a string literal, or <c>NULL</c>.</summary>
    public static string Literal(string? text) => text is null ? "NULL" : $"'{Whole(text).Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary><paramref name="literals"/> as a list of string literals: <c>['a', 'b']</c>.</summary>
    public static string List(IEnumerable<string> literals) => $"[{string.Join(", ", literals.Select(Literal))}]";

    /// <summary>Unquoted where any parser takes it so.</summary>
    internal static string Bare(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => c == '_' || char.IsAsciiLetterOrDigit(c))
        ? name
        : Identifier(name);

    /// <summary>The C API takes zero-terminated text: what follows a zero would silently be lost.</summary>
    internal static string Whole(string text) => text.Contains('\0', StringComparison.Ordinal)
        ? throw new DuckDbException(DuckDbErrorKind.Syntax, "SQL text holds a NUL character; remove it.", text.IndexOf('\0', StringComparison.Ordinal))
        : text;
}
