using System.Runtime.CompilerServices;

namespace Pipeline.Medallion.Schemas.Compatibility;

/// <summary>Finds where a reader's schema does not take what a writer's schema allows, by Confluent's rules for JSON Schema
/// (https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/serdes-json.html).</summary>
internal sealed partial class SchemaComparer
{
    private readonly IReadOnlyDictionary<(SchemaNode Writer, SchemaNode Reader), SchemaDifference> known;
    private readonly Dictionary<(SchemaNode Writer, SchemaNode Reader), IReadOnlyList<SchemaDifference>> compared = [];
    private readonly HashSet<(SchemaNode Writer, SchemaNode Reader)> open = [];
    private bool assumed;

    private SchemaComparer(IReadOnlyDictionary<(SchemaNode Writer, SchemaNode Reader), SchemaDifference> known) => this.known = known;

    /// <summary>The differences that make the reader refuse data; empty: it takes all that the writer may write.</summary>
    public static IReadOnlyList<SchemaDifference> Compare(SchemaNode writer, SchemaNode reader)
    {
        // A pair met again inside itself is taken for compatible. Where that was wrong of some pair, a further pass knows it: until no pair is new.
        var known = new Dictionary<(SchemaNode Writer, SchemaNode Reader), SchemaDifference>();
        while (true)
        {
            var pass = new SchemaComparer(known.ToDictionary());
            var differences = pass.Differences(writer, reader);
            var before = known.Count;
            foreach (var (pair, found) in pass.compared.Where(c => c.Value.Count > 0))
            {
                known.TryAdd(pair, found[0]);
            }

            if (!pass.assumed || known.Count == before)
            {
                return [.. differences.Where(d => !d.Repeated)];
            }
        }
    }

    private IReadOnlyList<SchemaDifference> Differences(SchemaNode writer, SchemaNode reader)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw SchemaRegistryException.InvalidSchema("its references go too deep to be compared.");
        }

        // Only a reference leads back to where one was.
        if (writer is not ReferenceSchema && reader is not ReferenceSchema)
        {
            return DifferencesOf(writer, reader);
        }

        var pair = (writer.Resolved, reader.Resolved);
        if (compared.TryGetValue(pair, out var differences))
        {
            return differences;
        }

        if (!open.Add(pair))
        {
            assumed = true;
            return known.TryGetValue(pair, out var difference) ? [difference with { Repeated = true }] : [];
        }

        differences = DifferencesOf(pair.Item1, pair.Item2);
        open.Remove(pair);
        compared.Add(pair, differences);
        return differences;
    }

    private List<SchemaDifference> DifferencesOf(SchemaNode writer, SchemaNode reader) => (writer, reader) switch
    {
        (NoSchema, _) or (_, AnySchema) => [],
        (CombinedSchema from, CombinedSchema to) => Combined(from, to),
        (_, CombinedSchema to) => Into(writer, to),
        (CombinedSchema from, _) => OutOf(from, reader),
        (TypedSchema from, TypedSchema to) => Typed(from, to),
        (NotSchema from, NotSchema to) => Fits(to.Inner, from.Inner) ? [] : [Found(DifferenceRule.NotTypeExtended, from, to, "/not")],
        _ => [Found(DifferenceRule.TypeChanged, writer, reader)],
    };

    private bool Fits(SchemaNode writer, SchemaNode reader) => Differences(writer, reader).Count == 0;

    private IEnumerable<SchemaDifference> Below(string path, SchemaNode writer, SchemaNode reader) => Differences(writer, reader).Select(d => d.Under(path));

    private static SchemaDifference Found(DifferenceRule rule, SchemaNode? writer, SchemaNode? reader, string path = "") =>
        new(path, rule, writer?.Source.GetRawText(), reader?.Source.GetRawText());
}
