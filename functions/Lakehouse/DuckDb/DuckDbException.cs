using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Pipeline.Lakehouse.DuckDb;

/// <summary>DuckDB's error classes, as far as a caller tells them apart (<c>duckdb_error_type</c> of its C API).</summary>
public enum DuckDbErrorKind
{
    Other,
    Parser,
    Syntax,
    Binder,
    Catalog,
    Conversion,
    Constraint,
    Dependency,
    DivideByZero,
    InvalidConfiguration,
    InvalidInput,
    InvalidType,
    Interrupt,
    IO,
    MismatchType,
    MissingExtension,
    NotImplemented,
    OutOfMemory,
    OutOfRange,
    ParameterNotAllowed,
    ParameterNotResolved,
    Permission,
    Sequence,
    Serialization,
    Transaction,
    Fatal,
    Internal,
}

/// <summary>DuckDB refused or could not finish a statement, or a gate of this folder refused it.</summary>
public sealed class DuckDbException(DuckDbErrorKind kind, string message, int? position = null, Exception? innerException = null)
    : TerminalException(message, innerException)
{
    /// <summary>What class of error it is.</summary>
    public DuckDbErrorKind Kind { get; } = kind;

    /// <summary>0-based offset in the SQL text, where DuckDB gives one.</summary>
    public int? Position { get; } = position;

    /// <summary>Sessions run with <c>errors_as_json</c>; a text that is no JSON comes from the C API's own checks.</summary>
    internal static DuckDbException FromNative(string? text, string sql)
    {
        text ??= "DuckDB gave no reason.";
        if (!text.StartsWith('{'))
        {
            return new DuckDbException(DuckDbErrorKind.Other, text);
        }

        using var json = JsonDocument.Parse(text);
        var type = json.RootElement.GetProperty("exception_type").GetString() ?? "";
        var message = json.RootElement.GetProperty("exception_message").GetString();
        var kind = Enum.TryParse<DuckDbErrorKind>(type.Replace(" ", "", StringComparison.Ordinal), ignoreCase: true, out var known) ? known : DuckDbErrorKind.Other;
        return new DuckDbException(kind, $"{type} error: {message}", PositionIn(json.RootElement, sql));
    }

    /// <summary>DuckDB counts bytes of UTF-8, but characters where the scanner fails.</summary>
    internal static int? PositionIn(JsonElement error, string sql)
    {
        if (!error.TryGetProperty("position", out var found) || !int.TryParse(found.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            return null;
        }

        if (error.TryGetProperty("error_subtype", out var subtype) && subtype.GetString() == "SYNTAX_ERROR")
        {
            return sql.EnumerateRunes().Take(offset).Sum(rune => rune.Utf16SequenceLength);
        }

        return CharacterAt(sql, offset);
    }

    internal static int CharacterAt(string sql, int byteOffset)
    {
        var bytes = Encoding.UTF8.GetBytes(sql);
        return Encoding.UTF8.GetCharCount(bytes, 0, Math.Clamp(byteOffset, 0, bytes.Length));
    }
}
