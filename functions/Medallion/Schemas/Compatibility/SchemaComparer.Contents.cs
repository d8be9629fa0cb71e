namespace Pipeline.Medallion.Schemas.Compatibility;

/// <content>What objects and arrays contain, by content model: open (anything else may be there), closed (nothing else), partially open (else of a schema).</content>
internal sealed partial class SchemaComparer
{
    private List<SchemaDifference> Objects(ObjectContent writer, ObjectContent reader)
    {
        var differences = new List<SchemaDifference>();
        foreach (var (name, before) in writer.Named)
        {
            if (!reader.Named.TryGetValue(name, out var now))
            {
                differences.AddRange(RemovedProperty(name, before, reader));
                continue;
            }

            if (reader.Required.Contains(name) && !writer.Required.Contains(name) && !now.HasDefault)
            {
                differences.Add(Found(DifferenceRule.RequiredAttributeAdded, before, now, $"/required/{JsonPointer.Escape(name)}"));
            }

            // Most pairs have none: nothing is made for them.
            if (Differences(before, now) is { Count: > 0 } inside)
            {
                var path = PathOf(name);
                differences.AddRange(inside.Select(d => d.Under(path)));
            }
        }

        foreach (var (name, now) in reader.Named)
        {
            if (!writer.Named.ContainsKey(name))
            {
                differences.AddRange(AddedProperty(name, now, writer, reader));
            }
        }

        foreach (var pattern in reader.Patterns)
        {
            if (writer.Patterns.FirstOrDefault(p => p.Text == pattern.Text) is { } before)
            {
                differences.AddRange(Below($"/patternProperties/{JsonPointer.Escape(pattern.Text)}", before.Schema, pattern.Schema));
            }
        }

        differences.AddRange(Dependencies(writer, reader));
        differences.AddRange(Others(
            writer.Others, reader.Others, "/additionalProperties", DifferenceRule.AdditionalPropertiesRemoved, DifferenceRule.AdditionalPropertiesNarrowed));
        return differences;
    }

    private IEnumerable<SchemaDifference> Dependencies(ObjectContent writer, ObjectContent reader)
    {
        foreach (var (name, now) in reader.DependentRequired)
        {
            var before = writer.DependentRequired.GetValueOrDefault(name);
            if (before is null || !now.IsSubsetOf(before))
            {
                var rule = before is null ? DifferenceRule.DependencyArrayAdded
                    : before.IsSubsetOf(now) ? DifferenceRule.DependencyArrayExtended
                    : DifferenceRule.DependencyArrayChanged;
                yield return new($"/dependencies/{JsonPointer.Escape(name)}", rule, before is null ? null : string.Join(',', before), string.Join(',', now));
            }
        }

        foreach (var (name, now) in reader.DependentSchemas)
        {
            var path = $"/dependencies/{JsonPointer.Escape(name)}";
            var found = writer.DependentSchemas.TryGetValue(name, out var before) ? Below(path, before, now) : [Found(DifferenceRule.DependencySchemaAdded, null, now, path)];
            foreach (var difference in found)
            {
                yield return difference;
            }
        }
    }

    private static string PathOf(string property) => $"/properties/{JsonPointer.Escape(property)}";

    private IEnumerable<SchemaDifference> RemovedProperty(string name, SchemaNode before, ObjectContent reader) => Removed(
        before,
        reader.Covering(name),
        PathOf(name),
        DifferenceRule.PropertyRemovedFromClosedContentModel,
        DifferenceRule.PropertyRemovedNotCoveredByPartiallyOpenContentModel);

    private IEnumerable<SchemaDifference> AddedProperty(string name, SchemaNode now, ObjectContent writer, ObjectContent reader)
    {
        var path = PathOf(name);
        var required = reader.Required.Contains(name);
        var covering = writer.Covering(name);
        if (covering is not null)
        {
            var uncovered = Added(now, covering, path, DifferenceRule.PropertyAddedNotCoveredByPartiallyOpenContentModel);
            return required && !now.HasDefault ? [.. uncovered, Found(DifferenceRule.RequiredPropertyAddedToUnopenContentModel, null, now, path)] : uncovered;
        }

        return required ? [Found(now.HasDefault ? DifferenceRule.RequiredPropertyWithDefaultAddedToOpenContentModel : DifferenceRule.RequiredPropertyAddedToOpenContentModel, null, now, path)]
            : now.Resolved is AnySchema ? []
            : [Found(DifferenceRule.OptionalPropertyAddedToOpenContentModel, null, now, path)];
    }

    private List<SchemaDifference> Arrays(ArrayContent writer, ArrayContent reader)
    {
        if (writer.Prefix.Count == 0 && reader.Prefix.Count == 0)
        {
            return reader.Others is not { } items ? []
                : writer.Others is { } before ? [.. Below("/items", before, items)]
                : [Found(DifferenceRule.SchemaAdded, null, items, "/items")];
        }

        var differences = new List<SchemaDifference>();
        for (var index = 0; index < Math.Max(writer.Prefix.Count, reader.Prefix.Count); index++)
        {
            var path = $"/items/{index}";
            differences.AddRange((index < writer.Prefix.Count, index < reader.Prefix.Count) switch
            {
                (true, true) => Below(path, writer.Prefix[index], reader.Prefix[index]),
                (true, false) => Removed(
                    writer.Prefix[index], reader.Others, path, DifferenceRule.ItemRemovedFromClosedContentModel, DifferenceRule.ItemRemovedNotCoveredByPartiallyOpenContentModel),
                _ => AddedItem(reader.Prefix[index], writer.Others, path),
            });
        }

        differences.AddRange(Others(writer.Others, reader.Others, "/additionalItems", DifferenceRule.AdditionalItemsRemoved, DifferenceRule.AdditionalItemsNarrowed));
        return differences;
    }

    private IEnumerable<SchemaDifference> AddedItem(SchemaNode now, SchemaNode? covering, string path) =>
        covering is not null ? Added(now, covering, path, DifferenceRule.ItemAddedNotCoveredByPartiallyOpenContentModel)
            : now.Resolved is AnySchema ? []
            : [Found(DifferenceRule.ItemAddedToOpenContentModel, null, now, path)];

    // What the reader no longer describes must fit what it says of all others.
    private IEnumerable<SchemaDifference> Removed(SchemaNode before, SchemaNode? covering, string path, DifferenceRule fromClosed, DifferenceRule notCovered) =>
        covering is null ? []
            : covering.Resolved is NoSchema ? before.Resolved is NoSchema ? [] : [Found(fromClosed, before, null, path)]
            : Covered(before, covering, path, notCovered);

    // What the writer did not describe may be there as the writer says of all others.
    private IEnumerable<SchemaDifference> Added(SchemaNode now, SchemaNode covering, string path, DifferenceRule notCovered) =>
        covering.Resolved is NoSchema ? [] : Covered(covering, now, path, notCovered);

    private IEnumerable<SchemaDifference> Covered(SchemaNode writer, SchemaNode reader, string path, DifferenceRule notCovered)
    {
        var differences = Below(path, writer, reader).ToList();
        return differences.Count == 0 ? [] : [.. differences, Found(notCovered, writer, reader, path)];
    }

    private IEnumerable<SchemaDifference> Others(SchemaNode? writer, SchemaNode? reader, string path, DifferenceRule removed, DifferenceRule narrowed) =>
        reader is null || writer?.Resolved is NoSchema ? []
            : reader.Resolved is NoSchema ? [Found(removed, writer, reader, path)]
            : writer is null ? [Found(narrowed, null, reader, path)]
            : Below(path, writer, reader);
}
