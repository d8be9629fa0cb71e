using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Pipeline.Medallion.Mart.Query;

/// <summary>Where a page begins, in the answer to one question at one version. Callers are not to look into it.</summary>
/// <param name="Version">The table's version.</param>
/// <param name="Offset">How many rows the pages before had.</param>
/// <param name="Question">The hash of the question.</param>
internal sealed record QueryCursor(long Version, long Offset, string Question)
{
    /// <summary>The hash of a question, whatever its page.</summary>
    public static string Hash<T>(T question) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Json.Write(question))).AsSpan(0, 8));

    /// <summary>Reads a cursor that a page gave for the same question.</summary>
    /// <exception cref="QueryException">It is none, or belongs to another question.</exception>
    public static QueryCursor Parse(string text, string question)
    {
        try
        {
            var cursor = Json.Read<QueryCursor>(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)));
            return cursor.Question == question && cursor is { Offset: >= 0, Version: >= 0 }
                ? cursor
                : throw new QueryException("'cursor' belongs to another question: it is to be sent with the question whose answer gave it, changed in nothing but 'cursor' and 'limit'.");
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            throw new QueryException($"'cursor' is '{MartColumns.Echo(text)}': expected what an answer gave as 'next'.", error);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Json.Write(this)));
}
