namespace Pipeline.Medallion.Schemas.Compatibility;

/// <content>allOf, anyOf, oneOf, and lists of types.</content>
internal sealed partial class SchemaComparer
{
    private List<SchemaDifference> Combined(CombinedSchema writer, CombinedSchema reader)
    {
        if (!MayBecome(writer, reader))
        {
            return [Found(DifferenceRule.CombinedTypeChanged, writer, reader)];
        }

        var differences = new List<SchemaDifference>();
        if (writer.Parts.Count < reader.Parts.Count && reader.Combination == Combination.AllOf)
        {
            differences.Add(Found(DifferenceRule.ProductTypeExtended, writer, reader));
        }

        if (writer.Parts.Count > reader.Parts.Count && writer.Combination != Combination.AllOf)
        {
            differences.Add(Found(DifferenceRule.SumTypeNarrowed, writer, reader));
        }

        if (Matches(writer.Parts, reader.Parts) < Math.Min(writer.Parts.Count, reader.Parts.Count))
        {
            differences.Add(Found(DifferenceRule.CombinedTypeSubschemasChanged, writer, reader));
        }

        return differences;
    }

    // Confluent's COMBINED_TYPE_EXTENDED; a combination of one part is that part.
    private static bool MayBecome(CombinedSchema writer, CombinedSchema reader) =>
        writer.Combination == reader.Combination
        || reader.Combination == Combination.AnyOf
        || (writer.Parts.Count == 1 && (reader.Parts.Count == 1 || reader.Combination == Combination.OneOf))
        || (reader.Parts.Count == 1 && writer.Combination == Combination.AllOf);

    private List<SchemaDifference> Into(SchemaNode writer, CombinedSchema reader)
    {
        if (reader.Parts is [var only])
        {
            return [.. Differences(writer, only)];
        }

        if (reader.Combination == Combination.AllOf)
        {
            return [.. reader.Parts.SelectMany((part, index) => Below($"/allOf/{index}", writer, part))];
        }

        return reader.Parts.Any(part => Fits(writer, part)) ? [] : [Found(DifferenceRule.TypeChanged, writer, reader)];
    }

    private List<SchemaDifference> OutOf(CombinedSchema writer, SchemaNode reader)
    {
        if (writer.Parts is [var only])
        {
            return [.. Differences(only, reader)];
        }

        var fitting = writer.Parts.Count(part => Fits(part, reader));
        return writer.Combination == Combination.AllOf
            ? fitting > 0 ? [] : [Found(DifferenceRule.TypeChanged, writer, reader)]
            : fitting == writer.Parts.Count ? [] : [Found(fitting > 0 ? DifferenceRule.SumTypeNarrowed : DifferenceRule.TypeChanged, writer, reader)];
    }

    private bool AllFit(IReadOnlyList<SchemaNode> writers, IReadOnlyList<SchemaNode> readers)
    {
        for (var index = 0; index < writers.Count; index++)
        {
            if (!Fits(writers[index], readers[index]))
            {
                return false;
            }
        }

        return true;
    }

    // The most pairs in which every part occurs once (a maximum bipartite matching, by augmenting paths).
    private int Matches(IReadOnlyList<SchemaNode> writers, IReadOnlyList<SchemaNode> readers)
    {
        if (writers.Count == readers.Count && AllFit(writers, readers))
        {
            return writers.Count;
        }

        var fits = writers.Select(w => readers.Select(r => Fits(w, r)).ToArray()).ToArray();
        var taken = Enumerable.Repeat(-1, readers.Count).ToArray();
        return Enumerable.Range(0, writers.Count).Count(writer => Place(writer, new bool[readers.Count]));

        bool Place(int writer, bool[] tried)
        {
            for (var reader = 0; reader < readers.Count; reader++)
            {
                if (fits[writer][reader] && !tried[reader])
                {
                    tried[reader] = true;
                    if (taken[reader] < 0 || Place(taken[reader], tried))
                    {
                        taken[reader] = writer;
                        return true;
                    }
                }
            }

            return false;
        }
    }
}
