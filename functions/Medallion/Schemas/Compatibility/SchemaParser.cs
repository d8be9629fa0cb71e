using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Pipeline.Medallion.Schemas.Compatibility;

/// <summary>Makes nodes of a JSON Schema (drafts 07, 2019-09 and 2020-12). Keywords that it does not know ask for nothing.</summary>
internal sealed partial class SchemaParser
{
    private static readonly (string Keyword, Combination Combination)[] Combinations =
        [("allOf", Combination.AllOf), ("anyOf", Combination.AnyOf), ("oneOf", Combination.OneOf)];

    private readonly JsonElement document;
    private readonly bool siblingsOfReferences;
    private readonly Dictionary<string, SchemaNode> targets = [];
    private readonly Queue<(ReferenceSchema Reference, string Pointer)> open = [];

    private SchemaParser(JsonElement document)
    {
        this.document = document;

        // Until draft 07 what stands beside a $ref means nothing.
        siblingsOfReferences = document.ValueKind == JsonValueKind.Object
            && document.TryGetProperty("$schema", out var draft) && draft.ValueKind == JsonValueKind.String && draft.GetString() is { } name
            && (name.Contains("2019-09", StringComparison.Ordinal) || name.Contains("2020-12", StringComparison.Ordinal));
    }

    /// <summary>The root of a document.</summary>
    /// <exception cref="SchemaRegistryException">It is no JSON Schema (42201).</exception>
    public static SchemaNode Parse(JsonElement document) => new SchemaParser(document).Root();

    private SchemaNode Root()
    {
        var root = targets["#"] = Node(document, "#");
        var references = new List<ReferenceSchema>();
        while (open.TryDequeue(out var next))
        {
            next.Reference.Target = Target(next.Pointer);
            references.Add(next.Reference);
        }

        references.ForEach(RequireEnd);
        return root;
    }

    private SchemaNode Target(string pointer)
    {
        if (!targets.TryGetValue(pointer, out var target))
        {
            target = targets[pointer] = Node(JsonPointer.Find(document, pointer) ?? throw Invalid(pointer, "'$ref' leads nowhere: only references into the schema itself are supported."), pointer);
        }

        return target;
    }

    private static void RequireEnd(ReferenceSchema reference)
    {
        var seen = new HashSet<SchemaNode>();
        for (SchemaNode? node = reference; node is ReferenceSchema next; node = next.Target)
        {
            if (!seen.Add(next))
            {
                throw Invalid(next.Source.ToString(), "the '$ref' leads back to itself.");
            }
        }
    }

    private SchemaNode Node(JsonElement schema, string at)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Invalid(at, "it is nested too deeply.");
        }

        switch (schema.ValueKind)
        {
            case JsonValueKind.True:
                return new AnySchema { Source = schema };
            case JsonValueKind.False:
                return new NoSchema { Source = schema };
            case JsonValueKind.Object:
                var node = schema.TryGetProperty("$ref", out var reference) ? Referring(schema, reference, at) : Whole(schema, Parts(schema, at));
                node.HasDefault = schema.TryGetProperty("default", out _);
                return node;
            default:
                throw Invalid(at, $"expected an object, true or false, found {schema.ValueKind}.");
        }
    }

    private SchemaNode Referring(JsonElement schema, JsonElement reference, string at)
    {
        if (reference.ValueKind != JsonValueKind.String || reference.GetString() is not { } pointer)
        {
            throw Invalid(at, "'$ref' is not a string.");
        }

        var node = new ReferenceSchema { Source = schema };
        open.Enqueue((node, pointer));
        return siblingsOfReferences ? Whole(schema, [node, .. Parts(schema, at)]) : node;
    }

    private static SchemaNode Whole(JsonElement schema, IReadOnlyList<SchemaNode> parts) => parts switch
    {
        [] => new AnySchema { Source = schema },
        [var only] => only,
        _ => new CombinedSchema { Source = schema, Combination = Combination.AllOf, Parts = parts },
    };

    // What all has to hold: the keywords of types, and each combination.
    private List<SchemaNode> Parts(JsonElement schema, string at)
    {
        var parts = new List<SchemaNode>();
        if (Typed(schema, at) is { } typed)
        {
            parts.Add(typed);
        }

        foreach (var (keyword, combination) in Combinations)
        {
            if (schema.TryGetProperty(keyword, out var listed))
            {
                var members = Members(listed, $"{at}/{keyword}");
                if (combination == Combination.AllOf && parts.Count > 0)
                {
                    parts.AddRange(members);
                }
                else
                {
                    parts.Add(new CombinedSchema { Source = schema, Combination = combination, Parts = members });
                }
            }
        }

        if (schema.TryGetProperty("not", out var not))
        {
            parts.Add(new NotSchema { Source = schema, Inner = Node(not, $"{at}/not") });
        }

        return parts;
    }

    // A schema that is listed twice counts once.
    private List<SchemaNode> Members(JsonElement listed, string at)
    {
        if (listed.ValueKind != JsonValueKind.Array || listed.GetArrayLength() == 0)
        {
            throw Invalid(at, "expected a list of schemas.");
        }

        return [.. listed.EnumerateArray().Select((member, index) => (member, index)).DistinctBy(m => CanonicalJson.Write(m.member)).Select(m => Node(m.member, $"{at}/{m.index}"))];
    }

    private static Regex Expression(string pattern, string at)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(100));
        }
        catch (ArgumentException error)
        {
            throw Invalid(at, $"'{pattern}' is not a regular expression: {error.Message}");
        }
    }

    private static SchemaRegistryException Invalid(string at, string reason) => SchemaRegistryException.InvalidSchema($"at {at} {reason}");
}
