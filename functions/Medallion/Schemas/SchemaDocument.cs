using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pipeline.Medallion.Schemas.Compatibility;

namespace Pipeline.Medallion.Schemas;

/// <summary>A JSON Schema: its text, and what identifies it.</summary>
public sealed class SchemaDocument
{
    /// <summary>The most bytes of UTF-8 that a schema may have; a table's row holds 1 MiB.</summary>
    public const int LimitBytes = 900_000;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private SchemaDocument(string text, string hash, SchemaNode root) => (Text, Hash, Root) = (text, hash, root);

    /// <summary>The text as it was given.</summary>
    public string Text { get; }

    /// <summary>The SHA-256 of its canonical form, in hexadecimal: the same for texts that differ in white space and in the order of properties.</summary>
    public string Hash { get; }

    internal SchemaNode Root { get; }

    /// <summary>Reads a schema.</summary>
    /// <exception cref="SchemaRegistryException">It is no JSON Schema (42201), or too large (42209).</exception>
    public static SchemaDocument Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw SchemaRegistryException.InvalidSchema("it is empty.");
        }

        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > LimitBytes)
        {
            throw SchemaRegistryException.SchemaTooLarge(bytes, LimitBytes);
        }

        try
        {
            using var json = JsonDocument.Parse(text, Strict);
            var root = json.RootElement.Clone();
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(CanonicalJson.Write(root))));
            return new SchemaDocument(text, hash, SchemaParser.Parse(root));
        }
        catch (JsonException error)
        {
            throw SchemaRegistryException.InvalidSchema($"it is not JSON: {error.Message}");
        }
    }
}
