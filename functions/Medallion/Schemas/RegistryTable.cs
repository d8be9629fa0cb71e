using System.Text;
using Azure.Data.Tables;

namespace Pipeline.Medallion.Schemas;

/// <summary>How the registry's rows are laid out in the Azure table <c>schemas</c>.</summary>
internal static class RegistryTable
{
    public const string Name = "schemas";
    private const int KeyCharacters = 500;
    private const int ChunkBytes = 64_000;

    /// <summary>A subject's name as a row key, which must not have characters such as '/'.</summary>
    /// <exception cref="SchemaRegistryException">The name is empty, too long or has control characters (42208).</exception>
    public static string KeyOf(string subject)
    {
        var key = Uri.EscapeDataString(subject).Replace("~", "%7E", StringComparison.Ordinal).Replace('%', '~');
        return key.Length is > 0 and <= KeyCharacters && !subject.Any(char.IsControl) ? key : throw SchemaRegistryException.InvalidSubject(subject);
    }

    /// <summary>Puts a text into a row, in parts: a property holds 64 KiB.</summary>
    public static void WriteText(TableEntity row, string text)
    {
        foreach (var (index, part) in Encoding.UTF8.GetBytes(text).Chunk(ChunkBytes).Index())
        {
            row[$"Text{index}"] = part;
        }
    }

    /// <summary>A text that was put into a row.</summary>
    public static string ReadText(TableEntity row)
    {
        using var bytes = new MemoryStream();
        for (var index = 0; row.GetBinary($"Text{index}") is { } part; index++)
        {
            bytes.Write(part);
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }
}
