using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Schemas.Compatibility;

/// <summary>A schema as the comparison sees it. Nodes are told apart by reference.</summary>
internal abstract class SchemaNode
{
    /// <summary>What it was made from.</summary>
    public required JsonElement Source { get; init; }

    /// <summary>Whether a reader has a value for it where there is none.</summary>
    public bool HasDefault { get; set; }

    /// <summary>What a reference stands for; itself otherwise.</summary>
    public virtual SchemaNode Resolved => this;
}

/// <summary>Takes every value: <c>true</c>, or a schema without a keyword that asks for anything.</summary>
internal sealed class AnySchema : SchemaNode;

/// <summary>Takes no value: <c>false</c>.</summary>
internal sealed class NoSchema : SchemaNode;

/// <summary>A <c>$ref</c> into the same document.</summary>
internal sealed class ReferenceSchema : SchemaNode
{
    public SchemaNode? Target { get; set; }

    public override SchemaNode Resolved => Target?.Resolved ?? this;
}

/// <summary>Takes what another does not.</summary>
internal sealed class NotSchema : SchemaNode
{
    public required SchemaNode Inner { get; init; }
}

/// <summary>How the parts of a schema are combined.</summary>
internal enum Combination
{
    AllOf,
    AnyOf,
    OneOf,
}

/// <summary>Parts: those of <c>allOf</c>, <c>anyOf</c> or <c>oneOf</c>, the types of a list (any of), or the keywords beside a combination (all of).</summary>
internal sealed class CombinedSchema : SchemaNode
{
    public required Combination Combination { get; init; }

    public required IReadOnlyList<SchemaNode> Parts { get; init; }
}

/// <summary>A type of JSON values.</summary>
internal enum JsonType
{
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// <summary>Values of one type, with the keywords that mean something for it.</summary>
internal sealed class TypedSchema : SchemaNode
{
    public required JsonType Type { get; init; }

    /// <summary>The limits by keyword, such as <c>maxLength</c>.</summary>
    public required IReadOnlyDictionary<string, decimal> Limits { get; init; }

    /// <summary>The values allowed by <c>enum</c> or <c>const</c>, in canonical form; null: all.</summary>
    public IReadOnlySet<string>? Values { get; init; }

    public string? Pattern { get; init; }

    public bool UniqueItems { get; init; }

    public ObjectContent? Properties { get; init; }

    public ArrayContent? Items { get; init; }
}

/// <summary>What an object may contain.</summary>
/// <param name="Named">The properties that are described.</param>
/// <param name="Required">The names that must be there.</param>
/// <param name="Patterns">Schemas of properties whose name matches.</param>
/// <param name="Others">The schema of all others; null: anything, the open content model.</param>
/// <param name="DependentRequired">By a name, those that must be there if it is.</param>
/// <param name="DependentSchemas">By a name, what the object must fit if it is there.</param>
internal sealed record ObjectContent(
    IReadOnlyDictionary<string, SchemaNode> Named,
    IReadOnlySet<string> Required,
    IReadOnlyList<PropertyPattern> Patterns,
    SchemaNode? Others,
    IReadOnlyDictionary<string, IReadOnlySet<string>> DependentRequired,
    IReadOnlyDictionary<string, SchemaNode> DependentSchemas)
{
    /// <summary>The schema that holds for a property which is not described; null: anything.</summary>
    public SchemaNode? Covering(string name) => Patterns.FirstOrDefault(p => p.Matches(name))?.Schema ?? Others;
}

/// <summary>A schema of <c>patternProperties</c>.</summary>
internal sealed record PropertyPattern(string Text, Regex Expression, SchemaNode Schema)
{
    public bool Matches(string name)
    {
        try
        {
            return Expression.IsMatch(name);
        }
        catch (RegexMatchTimeoutException)
        {
            throw SchemaRegistryException.InvalidSchema($"the pattern '{Text}' of 'patternProperties' takes too long on the name '{name}'.");
        }
    }
}

/// <summary>What an array may contain.</summary>
/// <param name="Prefix">The schemas of the first items, by position.</param>
/// <param name="Others">The schema of all others; null: anything.</param>
internal sealed record ArrayContent(IReadOnlyList<SchemaNode> Prefix, SchemaNode? Others);
