using System.Globalization;

namespace Pipeline.Medallion.Schemas.Compatibility;

/// <content>Types, and the keywords of plain values.</content>
internal sealed partial class SchemaComparer
{
    private static readonly (string Keyword, bool Upper, DifferenceRule Added, DifferenceRule Narrowed)[] LimitRules =
    [
        ("maximum", true, DifferenceRule.MaximumAdded, DifferenceRule.MaximumDecreased),
        ("minimum", false, DifferenceRule.MinimumAdded, DifferenceRule.MinimumIncreased),
        ("exclusiveMaximum", true, DifferenceRule.ExclusiveMaximumAdded, DifferenceRule.ExclusiveMaximumDecreased),
        ("exclusiveMinimum", false, DifferenceRule.ExclusiveMinimumAdded, DifferenceRule.ExclusiveMinimumIncreased),
        ("maxLength", true, DifferenceRule.MaxLengthAdded, DifferenceRule.MaxLengthDecreased),
        ("minLength", false, DifferenceRule.MinLengthAdded, DifferenceRule.MinLengthIncreased),
        ("maxItems", true, DifferenceRule.MaxItemsAdded, DifferenceRule.MaxItemsDecreased),
        ("minItems", false, DifferenceRule.MinItemsAdded, DifferenceRule.MinItemsIncreased),
        ("maxContains", true, DifferenceRule.MaxContainsAdded, DifferenceRule.MaxContainsDecreased),
        ("minContains", false, DifferenceRule.MinContainsAdded, DifferenceRule.MinContainsIncreased),
        ("maxProperties", true, DifferenceRule.MaxPropertiesAdded, DifferenceRule.MaxPropertiesDecreased),
        ("minProperties", false, DifferenceRule.MinPropertiesAdded, DifferenceRule.MinPropertiesIncreased),
    ];

    private List<SchemaDifference> Typed(TypedSchema writer, TypedSchema reader)
    {
        if (writer.Type != reader.Type && (writer.Type, reader.Type) is not ((JsonType.Integer, JsonType.Number) or (JsonType.Number, JsonType.Integer)))
        {
            return [Found(DifferenceRule.TypeChanged, writer, reader)];
        }

        var differences = new List<SchemaDifference>();
        if (writer.Type == JsonType.Number && reader.Type == JsonType.Integer)
        {
            differences.Add(Found(DifferenceRule.TypeNarrowed, writer, reader));
        }

        if (reader.Values is not null)
        {
            CompareValues(writer.Values, reader.Values, differences);
        }

        CompareLimits(writer, reader, differences);
        if (reader.Pattern is not null && reader.Pattern != writer.Pattern)
        {
            differences.Add(new("/pattern", writer.Pattern is null ? DifferenceRule.PatternAdded : DifferenceRule.PatternChanged, writer.Pattern, reader.Pattern));
        }

        if (reader.UniqueItems && !writer.UniqueItems)
        {
            differences.Add(new("/uniqueItems", DifferenceRule.UniqueItemsAdded, null, "true"));
        }

        if (writer.Properties is { } properties && reader.Properties is { } wanted)
        {
            differences.AddRange(Objects(properties, wanted));
        }

        if (writer.Items is { } items && reader.Items is { } wantedItems)
        {
            differences.AddRange(Arrays(items, wantedItems));
        }

        return differences;
    }

    private static void CompareValues(IReadOnlySet<string>? before, IReadOnlySet<string> allowed, List<SchemaDifference> differences)
    {
        if (before is null || !before.IsSubsetOf(allowed))
        {
            var rule = before is null || allowed.IsSubsetOf(before) ? DifferenceRule.EnumArrayNarrowed : DifferenceRule.EnumArrayChanged;
            differences.Add(new("/enum", rule, before is null ? null : List(before), List(allowed)));
        }

        static string List(IReadOnlySet<string> values) => $"[{string.Join(',', values)}]";
    }

    private static void CompareLimits(TypedSchema writer, TypedSchema reader, List<SchemaDifference> differences)
    {
        if (reader.Limits.Count == 0)
        {
            return;
        }

        foreach (var (keyword, upper, added, narrowed) in LimitRules)
        {
            if (reader.Limits.TryGetValue(keyword, out var limit))
            {
                var had = writer.Limits.TryGetValue(keyword, out var before);
                if (!had || (upper ? limit < before : limit > before))
                {
                    differences.Add(new($"/{keyword}", had ? narrowed : added, had ? Text(before) : null, Text(limit)));
                }
            }
        }

        if (reader.Limits.TryGetValue("multipleOf", out var step))
        {
            var had = writer.Limits.TryGetValue("multipleOf", out var before);
            DifferenceRule? rule = !had ? DifferenceRule.MultipleOfAdded
                : IsMultiple(before, step) ? null
                : IsMultiple(step, before) ? DifferenceRule.MultipleOfExpanded
                : DifferenceRule.MultipleOfChanged;
            if (rule is { } found)
            {
                differences.Add(new("/multipleOf", found, had ? Text(before) : null, Text(step)));
            }
        }

        static bool IsMultiple(decimal value, decimal of) => value == of || (of != 0 && value % of == 0);

        static string Text(decimal limit) => limit.ToString(CultureInfo.InvariantCulture);
    }
}
