using System.Text;
using Azure.Data.Tables;

namespace Microsoft.DurableTask.Engine.Storage;

/// <summary>Long text in entities: a string property holds 64 KiB of UTF-16, an entity 1 MiB, and a transaction of one such entity stays under 4 MiB however it is escaped.</summary>
internal static class TextChunks
{
    private const int PropertyChars = 32_000;
    private const int PropertiesPerEntity = 14;

    /// <summary>The text in pieces that each fit one entity.</summary>
    public static IEnumerable<string> Split(string text) => Cut(text, PropertyChars * PropertiesPerEntity);

    /// <summary>Puts a piece into an entity.</summary>
    public static void Write(TableEntity entity, string piece)
    {
        var number = 0;
        foreach (var part in Cut(piece, PropertyChars))
        {
            entity[$"Text{number++}"] = part;
        }
    }

    /// <summary>Adds an entity's piece to the text.</summary>
    public static void Read(TableEntity entity, StringBuilder text)
    {
        for (var number = 0; entity.GetString($"Text{number}") is { } part; number++)
        {
            text.Append(part);
        }
    }

    private static IEnumerable<string> Cut(string text, int length)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = Math.Min(start + length, text.Length);

            // Half a surrogate pair is no text.
            if (end < text.Length && char.IsHighSurrogate(text[end - 1]))
            {
                end--;
            }

            yield return text[start..end];
            start = end;
        }
    }
}
